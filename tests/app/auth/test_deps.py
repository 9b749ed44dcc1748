"""Who is let in, and does a stranger disturb the worker?"""

import re
import socket
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

SLOW = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname="


def test_without_credentials_is_401(live_server: Any) -> None:
    answer = live_server.web.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_bearer_names_its_user_and_an_unknown_one_is_401(live_server: Any) -> None:
    headers = live_server.add_user("vera", "viewer")
    me = live_server.web.get("/api/v1/me", headers=headers).json()
    assert (me["name"], me["role"], me["token"], me["subnets"]) == ("vera", "viewer", "test", None)
    wrong = {"Authorization": headers["Authorization"] + "x"}
    assert live_server.web.get("/api/v1/me", headers=wrong).status_code == 401


def test_viewer_may_not_write(live_server: Any) -> None:
    headers = live_server.add_user("vera", "viewer")
    answer = live_server.web.patch("/api/v1/settings", json={}, headers=headers)
    assert answer.status_code == 403
    assert "admin" in answer.json()["detail"]


def test_expired_and_revoked_tokens_are_401(live_server: Any) -> None:
    headers = live_server.add_user("vera", "viewer")
    past = {"name": "old", "expires_at": "2001-01-01T00:00:00Z"}
    old = live_server.web.post("/api/v1/tokens", json=past, headers=headers).json()
    bearer = {"Authorization": f"Bearer {old['token']}"}
    assert live_server.web.get("/api/v1/me", headers=bearer).status_code == 401
    made = live_server.web.post("/api/v1/tokens", json={"name": "new"}, headers=headers).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert live_server.web.get("/api/v1/me", headers=bearer).status_code == 200
    live_server.web.delete(f"/api/v1/tokens/{made['id']}", headers=headers)
    assert live_server.web.get("/api/v1/me", headers=bearer).status_code == 401


def test_token_of_another_user_is_not_listed_nor_revoked(live_server: Any) -> None:
    mine, theirs = live_server.add_user("vera", "viewer"), live_server.add_user("omar", "operator")
    other = live_server.web.get("/api/v1/tokens", headers=theirs).json()["items"][0]
    listed = live_server.web.get("/api/v1/tokens", headers=mine)
    assert other["id"] not in [item["id"] for item in listed.json()["items"]]
    assert "secret" not in listed.text
    assert live_server.web.delete(f"/api/v1/tokens/{other['id']}", headers=mine).status_code == 404


def test_browser_write_needs_the_csrf_token_of_its_session(live_server: Any) -> None:
    live_server.add_user("root", "admin")
    cookie = live_server.sign_in("root").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    web = live_server.web
    assert web.patch("/api/v1/settings", json={}).status_code == 403
    assert web.patch("/api/v1/settings", json={}, headers={"X-CSRF-Token": "x"}).status_code == 403
    token = re.search(r'name="csrf_token" value="([^"]+)"', web.get("/subnets/new").text)
    assert token is not None
    assert web.patch("/api/v1/settings", json={}, headers={"X-CSRF-Token": token[1]}).status_code == 200
    cookie_before = dict(web.cookies)
    assert web.post("/logout", data={"csrf_token": token[1]}).status_code == 303
    assert web.get("/api/v1/me", cookies=None, headers={"Cookie": _cookie(cookie_before)}).status_code == 401


def _cookie(jar: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())


def test_sixth_wrong_password_must_wait(live_server: Any) -> None:
    live_server.add_user("root", "admin")
    assert [live_server.sign_in("root", "wrong").status_code for _ in range(6)] == [422] * 5 + [429]
    assert live_server.sign_in("root").status_code == 429


@pytest.mark.parametrize("path", ["/login", "/setup", "/logout"])
def test_slow_form_of_a_stranger_holds_no_write_lock(live_server: Any, path: str) -> None:
    if path == "/login":
        live_server.add_user("root", "admin")
    with socket.create_connection(live_server.address) as slow:
        slow.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{SLOW}".encode())
        time.sleep(0.5)
        with closing(sqlite3.connect(live_server.database, timeout=0.2, isolation_level=None)) as worker:
            worker.execute("BEGIN IMMEDIATE")
            worker.execute("ROLLBACK")
