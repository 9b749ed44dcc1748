"""Who has come, as the OpenID provider says?

The authorization code flow (OpenID Connect Core 1.0 §3.1) with PKCE (RFC 7636), state and nonce. The server keeps
nothing of an attempt: its values come from a secret that only the cookie of the browser that began it holds, so any
web process can finish it. What the provider gives for it counts once, as a code does (RFC 6749 §4.1.2).
"""

import asyncio
import base64
import hmac
import json
import re
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from app.services.actors import ROLES
from app.settings import OidcSettings, safe

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
"""Signatures by a key that only the provider has; never `none`, never the shared secret."""
TIMEOUT_S: Final = 5.0
TOTAL_S: Final = 10.0
"""All questions to the provider that one sign-in asks."""
MAX_BYTES: Final = 1_000_000
"""Of one answer of the provider."""
METADATA_FOR_S: Final = 3600.0
KEY_FETCHES: Final = 6
"""In a minute: a token with an unknown key asks for the keys anew."""
ATTEMPT_S: Final = 600
"""So long may a person take at the provider."""
LEEWAY_S: Final = 60
"""Clocks may differ by so much."""
MAX_SUBJECT: Final = 255
_NAMES: Final = ("preferred_username", "email", "name", "sub")
_SIGNING: Final = ("RSA", "EC", "OKP")
_COOKIE: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class Refused(Exception):
    """Nobody is signed in; `code` says why, the text is for the log."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider knows; role None = the claim gives none, and there is no default."""

    issuer: str
    subject: str
    name: str
    role: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in: `secret` is random, `begun_at` in seconds UTC; together they are the cookie.

    State, nonce and verifier are HMACs under the secret: whoever sees one in an address or a
    token learns neither the secret nor another. A cookie whose moment or way back was changed has another state.
    """

    secret: str
    begun_at: int
    redirect_uri: str

    @classmethod
    def begin(cls, redirect_uri: str, *, now: int) -> "Attempt":
        """Return a new attempt."""
        return cls(secrets.token_urlsafe(32), now, redirect_uri)

    @classmethod
    def of_cookie(cls, cookie: str, redirect_uri: str, *, now: int) -> "Attempt":
        """Return the attempt of a cookie; raises Refused when there is none, or it is too old."""
        match = _COOKIE.fullmatch(cookie)
        if match is None or not -LEEWAY_S <= now - int(match[1]) <= ATTEMPT_S:
            raise Refused("stale", "no sign-in of this browser is waiting for an answer")
        return cls(match[2], int(match[1]), redirect_uri)

    @property
    def cookie(self) -> str:
        """What the browser keeps."""
        return f"{self.begun_at}.{self.secret}"

    def value(self, name: str) -> str:
        """Return the attempt's `state`, `nonce` or `verifier`, 43 characters (RFC 7636 §4.1)."""
        told = f"{name} {self.begun_at} {self.redirect_uri}".encode()
        made = hmac.digest(self.secret.encode(), told, "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


class Oidc:
    """The one provider that is configured."""

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: KeySet | None = None
        self._fetched: deque[float] = deque(maxlen=KEY_FETCHES)

    async def begin(self, redirect_uri: str) -> tuple[str, str]:
        """Return the provider's address for the browser, and the cookie that it keeps. Raises Refused."""
        async with _asking() as http:
            metadata = await self._discover(http)
        attempt = Attempt.begin(redirect_uri, now=int(time.time()))
        url = prepare_grant_uri(
            metadata["authorization_endpoint"], self.settings.client_id, "code", redirect_uri,
            self.settings.scopes, attempt.value("state"), nonce=attempt.value("nonce"),
            code_challenge=create_s256_code_challenge(attempt.value("verifier")), code_challenge_method="S256",
        )  # fmt: skip
        return url, attempt.cookie

    async def finish(self, cookie: str, redirect_uri: str, answer: Mapping[str, str]) -> Identity:
        """Return who has come, from the query that the provider sent the browser back with. Raises Refused.

        `redirect_uri` is the address that the browser was sent back to.
        """
        attempt = Attempt.of_cookie(cookie, redirect_uri, now=int(time.time()))
        if "error" in answer:  # some providers leave the state out then
            raise Refused("denied", f"the provider answers {answer['error'][:100]!r}")
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.value("state").encode()):
            raise Refused("stale", "the state is of another sign-in")
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:  # RFC 9207
            raise Refused("invalid", "the answer is of another issuer")
        async with _asking() as http:
            metadata = await self._discover(http)
            token = await self._redeem(http, metadata, answer.get("code", ""), attempt)
            claims = await self._verify(http, metadata, token, attempt.value("nonce"))
        return Identity(self.settings.issuer, claims["sub"], _name(claims), self._role(claims))

    async def _discover(self, http: httpx.AsyncClient) -> dict[str, Any]:
        """Return the provider's metadata (OpenID Connect Discovery 1.0 §4), at most an hour old."""
        if self._metadata is not None and self._metadata[0] > time.monotonic():
            return self._metadata[1]
        found = await _read(http, "GET", f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.settings.issuer:
            raise Refused("invalid", f"the provider calls itself {found.get('issuer')!r}; configure it so")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str) or not safe(found[name]):
                raise Refused("invalid", f"the provider's {name} is not an https address")
        self._metadata = time.monotonic() + METADATA_FOR_S, found
        return found

    async def _redeem(
        self, http: httpx.AsyncClient, metadata: Mapping[str, Any], code: str, attempt: Attempt
    ) -> str:
        """Return the ID token for a code (RFC 6749 §4.1.3); the secret goes as the provider wishes (§2.3.1)."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.value("verifier"), "client_id": self.settings.client_id,
        }  # fmt: skip
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        auth = None
        if self.settings.client_secret and "client_secret_basic" in methods:
            auth = httpx.BasicAuth(*(quote(part, safe="") for part in self._credentials))
        elif self.settings.client_secret:
            form["client_secret"] = self.settings.client_secret
        answer = await _read(http, "POST", metadata["token_endpoint"], data=form, auth=auth)
        if not isinstance(answer.get("id_token"), str):
            raise Refused("invalid", "the provider sent no ID token")
        return str(answer["id_token"])

    @property
    def _credentials(self) -> tuple[str, str]:
        return self.settings.client_id, self.settings.client_secret

    async def _verify(
        self, http: httpx.AsyncClient, metadata: Mapping[str, Any], token: str, nonce: str
    ) -> dict[str, Any]:
        """Return the claims of an ID token that is for us and of now (OpenID Connect Core 1.0 §3.1.3.7)."""
        try:
            try:
                decoded = jwt.decode(token, await self._known_keys(http, metadata), ALGORITHMS)
            except (InvalidKeyIdError, BadSignatureError):  # the provider may have new keys
                decoded = jwt.decode(token, await self._new_keys(http, metadata), ALGORITHMS)
            wanted = {"iss": {"value": self.settings.issuer}, "aud": {"value": self.settings.client_id}}
            params = {"nonce": nonce, "client_id": self.settings.client_id}
            CodeIDToken(decoded.claims, decoded.header, wanted, params).validate(leeway=LEEWAY_S)
        except (JoseError, ValueError) as error:
            raise Refused("invalid", f"the ID token is refused: {error}") from None
        subject = decoded.claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= MAX_SUBJECT:
            raise Refused("invalid", "the ID token names nobody")
        return decoded.claims

    async def _known_keys(self, http: httpx.AsyncClient, metadata: Mapping[str, Any]) -> KeySet:
        return self._keys if self._keys is not None else await self._new_keys(http, metadata)

    async def _new_keys(self, http: httpx.AsyncClient, metadata: Mapping[str, Any]) -> KeySet:
        now = time.monotonic()
        if len(self._fetched) == KEY_FETCHES and now - self._fetched[0] < 60:
            raise Refused("invalid", "the ID token's key is unknown, and the keys were asked for just now")
        self._fetched.append(now)
        found = await _read(http, "GET", metadata["jwks_uri"])
        listed = found.get("keys")
        rows = [k for k in listed if isinstance(k, dict)] if isinstance(listed, list) else []
        usable = [k for k in rows if k.get("kty") in _SIGNING and k.get("use", "sig") == "sig"]
        if not usable:
            raise Refused("invalid", "the provider has no signing keys")
        self._keys = KeySet.import_key_set({"keys": usable})
        return self._keys

    def _role(self, claims: Mapping[str, Any]) -> str | None:
        """Return the highest role that the claim's values give, else the default."""
        known = self.settings.role_of_value
        names = (self.settings.role_claim,) if self.settings.role_claim else ("roles", "groups")
        values = next((found for name in names if (found := _values(claims, name))), [])
        given = [known[value] for value in values if value in known]
        return max(given, key=ROLES.index, default=self.settings.default_role or None)


@asynccontextmanager
async def _asking() -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client for the provider whose questions together end in time; what goes wrong is Refused."""
    try:
        async with asyncio.timeout(TOTAL_S), httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as http:
            yield http
    except TimeoutError:
        raise Refused("unavailable", f"the provider took more than {TOTAL_S:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refused("unavailable", f"the provider does not answer: {error!r}") from None


async def _read(http: httpx.AsyncClient, method: str, url: str, **more: Any) -> dict[str, Any]:
    """Return the JSON object that an address answers with."""
    async with http.stream(method, url, headers={"Accept": "application/json"}, **more) as answer:
        body = b""
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > MAX_BYTES:
                raise Refused("invalid", f"{url} answers with more than {MAX_BYTES} bytes")
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if answer.status_code >= 500:
        raise Refused("unavailable", f"{url} answers {answer.status_code}")
    if answer.status_code != 200 or not isinstance(found, dict):
        error = found.get("error") if isinstance(found, dict) else None
        raise Refused("invalid", f"{url} answers {answer.status_code} {error or ''}")
    return found


def _name(claims: Mapping[str, Any]) -> str:
    """Return the first claim that names the person."""
    texts = [claims[name] for name in _NAMES if isinstance(claims.get(name), str)]
    plain = ["".join(c for c in text if c.isprintable()).strip() for text in texts]
    return next((text for text in plain if text), "")


def _values(claims: Mapping[str, Any], path: str) -> list[str]:
    """Return the texts of a claim; `realm_access.roles` is a claim of that name, or `roles` in `realm_access`."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    values = found if isinstance(found, list) else [found]
    return [value for value in values if isinstance(value, str)]
