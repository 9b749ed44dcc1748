"""Does a person of the OpenID provider come in with the right role, and nobody by a token that is not right?"""

import html
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import ValidationError
from sqlalchemy import select

from app.auth import oidc
from app.auth.oidc import Attempt, Oidc, Refused
from app.database import unit_of_work
from app.models import AuditEntry, LoginSession, User
from app.settings import OidcSettings, Settings
from tests.app.auth.provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.app.conftest import serve
from tests.builders import PASSWORD


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider()
    yield running
    running.stop()


@pytest.fixture
def web(live_server: Any, provider: Provider) -> httpx.Client:
    """A browser before a server that knows the provider, with a local admin."""
    live_server.add_user("root", "admin")
    configure(live_server, provider)
    client: httpx.Client = live_server.web
    client.follow_redirects = False
    return client


def configure(live_server: Any, provider: Provider, **more: Any) -> None:
    wish: dict[str, Any] = {
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        **more,
    }
    live_server.app.state.oidc = Oidc(OidcSettings(**wish))


def begin(web: httpx.Client) -> str:
    """Press the button; return where the provider sends the browser back to."""
    there = web.get("/login/oidc")
    assert there.status_code == 303, there.text
    return httpx.get(there.headers["location"]).headers["location"]


def come(web: httpx.Client) -> httpx.Response:
    return web.get(begin(web))


def account(live_server: Any, name: str) -> User | None:
    with unit_of_work(live_server.app.state.sessions) as session:
        return session.scalar(select(User).where(User.name == name))


def test_person_comes_in_and_is_told_by_the_provider_each_time(
    web: httpx.Client, live_server: Any, provider: Provider
) -> None:
    assert "Sign in with OpenID Connect" in web.get("/login").text
    came = come(web)
    assert (came.status_code, came.headers["location"]) == (303, "/")
    assert web.get("/").status_code == 200
    assert web.get("/settings").status_code in (200, 403)
    vera = account(live_server, "vera")
    assert vera is not None
    assert (vera.role, vera.external_id, vera.password_hash) == ("viewer", f"{provider.issuer}#42", "")
    provider.claims |= {"preferred_username": "vera.b", "roles": ["operator", "viewer", "else"]}
    assert come(web).status_code == 303
    changed = account(live_server, "vera.b")
    assert changed is not None
    assert (changed.id, changed.role, account(live_server, "vera")) == (vera.id, "operator", None)
    with unit_of_work(live_server.app.state.sessions) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.actor == "openid").order_by(AuditEntry.id))
        assert [(line.action, line.object) for line in lines] == [
            ("create", f"users/{vera.id}"), ("update", f"users/{vera.id}"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [("/subnets?q=a%26b&sort=-use", "/subnets?q=a%26b&sort=-use"), ("/leases/größe", "/leases/gr%C3%B6%C3%9Fe"),
     ("//evil.example/", "/"), ("https://evil.example/", "/"), ("/\\evil.example", "/"), ("", "/")],
)  # fmt: skip
def test_person_comes_back_to_the_page_that_was_wanted(web: httpx.Client, wanted: str, shown: str) -> None:
    page = web.get("/login", params={"next": wanted}).text
    link = re.search(r'href="(/login/oidc[^"]*)"', page)
    assert link is not None
    there = web.get(html.unescape(link[1])).headers["location"]
    came = web.get(httpx.get(there).headers["location"])
    assert (came.status_code, came.headers["location"]) == (303, shown)
    assert "leaseboard_next" not in web.cookies


def test_sign_out_ends_the_session_here(web: httpx.Client, live_server: Any) -> None:
    come(web)
    with unit_of_work(live_server.app.state.sessions) as session:
        csrf = session.scalars(select(LoginSession.csrf)).one()
    secret = web.cookies["leaseboard_session"]
    assert web.post("/logout", data={"csrf_token": csrf}).status_code == 303
    assert web.get("/", headers={"Cookie": f"leaseboard_session={secret}"}).status_code == 303


def test_same_name_or_mail_is_never_the_same_person(
    web: httpx.Client, live_server: Any, provider: Provider
) -> None:
    provider.claims |= {"preferred_username": "root", "email": "root", "roles": ["viewer"]}
    assert come(web).status_code == 303
    other, root = account(live_server, "root (2)"), account(live_server, "root")
    assert other is not None and root is not None
    assert (other.role, root.role, root.external_id) == ("viewer", "admin", None)
    provider.claims["sub"] = "43"
    assert come(web).status_code == 303
    assert account(live_server, "root (3)") is not None


def test_account_of_the_provider_has_no_password_and_the_local_door_stays(
    web: httpx.Client, live_server: Any, provider: Provider
) -> None:
    come(web)
    vera = account(live_server, "vera")
    assert vera is not None
    bearer = live_server.add_user("boss", "admin")
    told = web.get(f"/api/v1/users/{vera.id}", headers=bearer).json()
    assert (told["source"], told["has_password"]) == ("oidc", False)
    refused = web.put(f"/api/v1/users/{vera.id}/password", headers=bearer, json={"password": PASSWORD})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "external")
    assert live_server.sign_in("vera").status_code == 422
    provider.stop()
    assert live_server.sign_in("root").status_code == 303


WRONG: dict[str, dict[str, Any]] = {
    "nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "audience": {"aud": "somebody-else"},
    "audience of two without azp": {"aud": ["somebody-else", CLIENT_ID]},
    "azp": {"azp": "somebody-else"},
    "issuer": {"iss": "http://127.0.0.1:1"},
    "expired": {"exp": int(time.time()) - 600},
    "no end": {"exp": None},
    "not yet": {"nbf": int(time.time()) + 86400},
    "no subject": {"sub": None},
    "subject that is no text": {"sub": ["42"]},
    "subject too long": {"sub": "4" * 256},
}


@pytest.mark.parametrize("what", WRONG)
def test_token_that_is_not_for_us_and_now_is_refused(
    web: httpx.Client, live_server: Any, provider: Provider, what: str
) -> None:
    provider.claims |= WRONG[what]
    refused = come(web)
    assert (refused.status_code, "not valid" in refused.text) == (422, True)
    assert account(live_server, "vera") is None
    assert web.get("/").status_code == 303


def test_token_by_an_unknown_key_is_refused_and_a_new_key_is_learnt(
    web: httpx.Client, live_server: Any, provider: Provider
) -> None:
    assert come(web).status_code == 303
    provider.key = provider.new_key("second")
    assert come(web).status_code == 422
    provider.shown = [provider.key]
    assert come(web).status_code == 303
    impostor = provider.new_key("second")
    provider.key = impostor
    assert come(web).status_code == 422


def test_keys_are_asked_for_a_few_times_a_minute_at_most(web: httpx.Client, provider: Provider) -> None:
    assert come(web).status_code == 303
    provider.key = provider.new_key("unknown")
    for _ in range(10):
        assert come(web).status_code == 422
    assert provider.asked.count("/jwks") == oidc.KEY_FETCHES


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_token_without_the_providers_own_signature_is_refused(
    web: httpx.Client, provider: Provider, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    secret = OctKey.import_key(CLIENT_SECRET * 8)
    encode = jwt.encode

    def forge(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
        if algorithm == "HS256":
            return encode({**header, "alg": "HS256"}, claims, secret)
        parts = encode(header, claims, key).split(".")
        return ".".join(("eyJhbGciOiJub25lIn0", parts[1], ""))

    monkeypatch.setattr(jwt, "encode", forge)
    assert come(web).status_code == 422


def test_answer_counts_once_and_only_in_the_browser_that_asked(web: httpx.Client, provider: Provider) -> None:
    back = begin(web)
    cookie = web.cookies["leaseboard_oidc"]
    with httpx.Client(base_url=web.base_url) as stranger:
        assert "not begun here" in stranger.get(back).text
    forged = web.get(back.replace("state=", "state=x"))
    assert (forged.status_code, "not begun here" in forged.text) == (422, True)
    back = begin(web)
    cookie = web.cookies["leaseboard_oidc"]
    assert web.get(back).status_code == 303
    assert "leaseboard_oidc" not in web.cookies
    replayed = web.get(back, headers={"Cookie": f"leaseboard_oidc={cookie}"})
    assert (replayed.status_code, "not valid" in replayed.text) == (422, True)


def test_another_web_process_finishes_what_one_began(
    web: httpx.Client, live_server: Any, provider: Provider
) -> None:
    """Two applications over one database behind one address; they share no memory."""
    address = "http://127.0.0.1:1"
    settings = Settings(database_url=f"sqlite:///{live_server.database}", public_url=address)
    with serve(settings, live_server.database) as one, serve(settings, live_server.database) as other:
        for server in (one, other):
            configure(server, provider)
        back = begin(one.web).replace(address, str(other.web.base_url).rstrip("/"))
        cookie = {"leaseboard_oidc": one.web.cookies["leaseboard_oidc"]}
        came = other.web.get(back, headers=as_header(cookie))
        assert (came.status_code, came.headers["location"]) == (303, "/"), came.text
        session = {"leaseboard_session": came.cookies["leaseboard_session"]}
        for server in (one, other):
            server.web.cookies.clear()
            assert server.web.get("/", headers=as_header(session)).status_code == 200
        vera = account(other, "vera")
        assert vera is not None and vera.external_id == f"{provider.issuer}#42"


def as_header(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def test_cookie_is_out_of_reach_of_scripts_and_tells_no_value_of_the_attempt(
    web: httpx.Client, provider: Provider
) -> None:
    there = web.get("/login/oidc")
    sent = there.headers["set-cookie"]
    assert all(word in sent for word in ("HttpOnly", "SameSite=lax", "Path=/login", f"Max-Age={oidc.ATTEMPT_S}"))
    query = parse_qs(urlsplit(there.headers["location"]).query)
    values = [query[name][0] for name in ("state", "nonce", "code_challenge")]
    assert len(set(values)) == 3
    assert not any(value in sent for value in values)


@pytest.mark.parametrize("change", ["moment", "secret", "empty", "no digits", "way back"])
def test_cookie_that_was_changed_is_of_no_attempt(
    web: httpx.Client, live_server: Any, provider: Provider, change: str
) -> None:
    back = begin(web)
    moment, secret = web.cookies["leaseboard_oidc"].split(".")
    changed = {
        "moment": f"{int(moment) + 1}.{secret}",
        "secret": f"{moment}.{secret[::-1]}",
        "empty": "",
        "no digits": f"x.{secret}",
        "way back": f"{moment}.{secret}",
    }[change]
    web.cookies.clear()
    host = {"Host": "other.test"} if change == "way back" else {}
    refused = web.get(back, headers={"Cookie": f"leaseboard_oidc={changed}", **host})
    assert (refused.status_code, "not begun here" in refused.text) == (422, True)
    assert "/token" not in provider.asked


def test_attempt_ends_with_its_time(web: httpx.Client, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    back = begin(web)
    begun_at, secret = web.cookies["leaseboard_oidc"].split(".")
    monkeypatch.setattr(oidc, "ATTEMPT_S", -1)
    assert "not begun here" in web.get(back).text
    monkeypatch.undo()
    late = Attempt(secret, int(begun_at), f"{str(web.base_url).rstrip('/')}/login/oidc/callback")
    assert Attempt.of_cookie(late.cookie, late.redirect_uri, now=late.begun_at + oidc.ATTEMPT_S) == late
    with pytest.raises(Refused, match="waiting"):
        Attempt.of_cookie(late.cookie, late.redirect_uri, now=late.begun_at + oidc.ATTEMPT_S + 1)


def test_provider_that_says_no_is_told(web: httpx.Client, provider: Provider) -> None:
    provider.error = "access_denied"
    refused = come(web)
    assert (refused.status_code, "did not sign you in" in refused.text) == (422, True)


def test_person_without_a_role_is_refused_and_older_sessions_end(
    web: httpx.Client, live_server: Any, provider: Provider
) -> None:
    come(web)
    assert web.get("/").status_code == 200
    provider.claims["roles"] = ["else"]
    refused = come(web)
    assert (refused.status_code, "no role here" in refused.text) == (403, True)
    assert web.get("/").status_code == 303
    configure(live_server, provider, default_role="viewer")
    assert come(web).status_code == 303


def test_disabled_account_stays_out(web: httpx.Client, live_server: Any, provider: Provider) -> None:
    come(web)
    with unit_of_work(live_server.app.state.sessions) as session:
        session.scalars(select(User).where(User.name == "vera")).one().disabled = True
    refused = come(web)
    assert (refused.status_code, "is disabled" in refused.text) == (403, True)


@pytest.mark.parametrize(
    ("settings", "claims", "role"),
    [
        ({"role_claim": "realm_access.roles"}, {"realm_access": {"roles": ["admin"]}}, "admin"),
        ({"role_claim": "https://x.test/roles"}, {"https://x.test/roles": "operator"}, "operator"),
        ({"roles": "net-ops=operator, net=viewer"}, {"groups": ["net", "net-ops"]}, "operator"),
        ({"roles": "cn=net,dc=x=admin"}, {"groups": ["admin"]}, None),
        ({"roles": "a=b=admin"}, {"groups": ["a=b"]}, "admin"),
        ({"role_claim": "a.b.c"}, {"a": ["b"]}, None),
    ],
)
def test_role_comes_from_the_claim_that_is_configured(
    live_server: Any, web: httpx.Client, provider: Provider, settings: dict[str, str], claims: Any, role: str | None
) -> None:
    provider.claims |= {"roles": None, **claims}
    try:
        configure(live_server, provider, **settings)
    except ValidationError:
        assert role is None
        return
    assert come(web).status_code == (303 if role else 403)
    found = account(live_server, "vera")
    assert (found.role if found else None) == role


def test_provider_that_is_down_or_slow_gets_a_clear_page(
    web: httpx.Client, live_server: Any, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = begin(web)
    monkeypatch.setattr(oidc, "TOTAL_S", 0.2)
    provider.delay_s = 0.5
    slow = web.get(back)
    assert (slow.status_code, "does not answer" in slow.text) == (503, True)
    provider.stop()
    configure(live_server, provider)
    down = web.get("/login/oidc")
    assert (down.status_code, "does not answer" in down.text, 'name="password"' in down.text) == (503, True, True)


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "http://127.0.0.1:2"}, {"token_endpoint": "http://example.test/"}, {"jwks_uri": None}],
)
def test_provider_that_is_not_what_was_configured_is_refused(
    web: httpx.Client, provider: Provider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    assert web.get("/login/oidc").status_code == 422


def test_nothing_shows_while_it_is_not_configured(live_server: Any) -> None:
    live_server.add_user("root", "admin")
    assert "OpenID" not in live_server.web.get("/login").text
    assert live_server.web.get("/login/oidc").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://id.example.org", "client_id": "x"},
        {"issuer": "https://id.example.org"},
        {"issuer": "https://id.example.org", "client_id": "x", "roles": "ops=king"},
        {"issuer": "https://id.example.org", "client_id": "x", "default_role": "king"},
    ],
)
def test_wrong_configuration_is_said_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        OidcSettings(**wrong)  # type: ignore[arg-type]  # the point of the test
