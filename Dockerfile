FROM python:3.11-slim-bookworm
WORKDIR /opt/leaseboard
COPY requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY app app
COPY dhcpd dhcpd
COPY migrations migrations
COPY templates templates
COPY static static
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e .
ENV LEASEBOARD_LISTEN=0.0.0.0:8000
CMD ["leaseboard", "serve"]
