FROM node:22-bookworm-slim AS assets
WORKDIR /assets
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# What every packet passes through, as machine code: see "compile" in docs/performance.md.
FROM python:3.11-bookworm AS compiled
WORKDIR /compiled
COPY requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY app app
COPY dhcpd dhcpd
COPY scripts/compile.py scripts/compile.py
RUN python scripts/compile.py --to /compiled/made

FROM python:3.11-slim-bookworm
WORKDIR /opt/leaseboard
COPY requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY app app
COPY dhcpd dhcpd
COPY migrations migrations
COPY templates templates
COPY static static
COPY scripts/vendor.py scripts/vendor.py
COPY --from=assets /assets/node_modules node_modules
RUN python scripts/vendor.py && rm -r node_modules
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e .
COPY --from=compiled /compiled/made ./
ENV PYTHONPATH=/opt/leaseboard
ENV LEASEBOARD_LISTEN=0.0.0.0:8000
CMD ["leaseboard", "serve"]
