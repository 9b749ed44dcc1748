"""An OpenID provider on loopback that keeps the rules of the code flow and, when told, breaks one."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "leaseboard", "s3cret/+:"


class Provider:
    """Signs one person in at once: `claims` go into each ID token, `key` signs, the keys `shown` are told."""

    def __init__(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                provider.answer(self, {name: values[0] for name, values in parse_qs(body).items()})

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self.claims: dict[str, Any] = {"sub": "42", "preferred_username": "vera", "roles": ["viewer"]}
        self.key = self.new_key("first")
        self.shown = [self.key]
        self.metadata: dict[str, Any] = {}
        self.error = ""
        self.delay_s = 0.0
        self.asked: list[str] = []
        self._codes: dict[str, Mapping[str, str]] = {}
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @staticmethod
    def new_key(kid: str) -> RSAKey:
        return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, form: Mapping[str, str]) -> None:
        url = urlsplit(request.path)
        self.asked.append(url.path)
        time.sleep(self.delay_s)
        if url.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            request.send_response(302)
            request.send_header("Location", self._authorize(query))
            request.end_headers()
            return
        answers = {"/.well-known/openid-configuration": self._metadata, "/jwks": self._jwks}
        found = answers[url.path]() if url.path in answers else self._token(request, form)
        body = json.dumps(found).encode()
        request.send_response(400 if "error" in found else 200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _metadata(self) -> dict[str, Any]:
        told = {name: f"{self.issuer}/{path}" for name, path in (
            ("authorization_endpoint", "authorize"), ("token_endpoint", "token"), ("jwks_uri", "jwks"),
        )}  # fmt: skip
        return {"issuer": self.issuer, **told, **self.metadata}

    def _jwks(self) -> dict[str, Any]:
        encryption = {**self.new_key("enc").as_dict(private=False), "use": "enc"}
        return {"keys": [encryption, {"kty": "new-kind"}, *(key.as_dict(private=False) for key in self.shown)]}

    def _authorize(self, query: Mapping[str, str]) -> str:
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        assert wanted.items() <= query.items(), query
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(8)
        self._codes[code] = query
        answer = {"error": self.error} if self.error else {"code": code}
        return f"{query['redirect_uri']}?{urlencode({'state': query['state'], **answer})}"

    def _token(self, request: BaseHTTPRequestHandler, form: Mapping[str, str]) -> dict[str, Any]:
        """RFC 6749 §4.1.3 and RFC 7636 §4.6; a code is good once."""
        begun = self._codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        sent = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        if (
            begun is None
            or challenge.decode().rstrip("=") != begun["code_challenge"]
            or form["redirect_uri"] != begun["redirect_uri"]
            or sent != "leaseboard:s3cret%2F%2B%3A"
        ):
            return {"error": "invalid_grant"}
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": begun["nonce"]}
        claims = {name: value for name, value in {**told, **self.claims}.items() if value is not None}
        token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        return {"access_token": "unused", "token_type": "Bearer", "id_token": token}
