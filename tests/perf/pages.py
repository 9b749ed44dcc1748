"""How long does the server take for each page over a large plan, and how many octets leave? Prints a line a page.

    python -m tests.perf.pages sqlite:////tmp/perf.db [--rounds 20] [--only EXPRESSION]
    python -m tests.perf.pages postgresql+psycopg://postgres@127.0.0.1/perf

The database is filled as `tests.perf.api` does it, with a fortnight of use and an object of each other kind.
The time is the server's own, from the request to the last octet of the answer; the target is a p95 of 100 ms.
"""

import gzip
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from statistics import median
from typing import Final

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.database import make_session_factory, unit_of_work
from app.main import create_app
from app.models import AuditEntry, Lease, User
from app.models.base import utc_now
from app.services import tokens, users
from app.services.actors import COMMAND_LINE
from app.settings import Settings
from tests.perf.api import TARGET_MS
from tests.perf.large_plan import write
from tests.perf.serving import Stopwatch, arguments, p95, planned, served, steadiness

PASSWORD: Final = "correct horse battery"
AUDIT_LINES: Final = 20_000
NOT_PAGES: Final = re.compile(
    r"/api/v1/|/static/|/stream|/health/|/metrics|/openapi|/login/oidc|/setup|/imports/losses"
)
"""The last is an export that is not kept: `tests.perf.transfers` measures those."""
OWN: Final = {
    "tags": {"name": "perf"}, "vlans": {"vid": 20, "name": "perf"},
    "client-classes": {"name": "perf", "expression": 'hostname == "perf"'},
    "custom-fields": {"resource": "subnets", "name": "perf", "type": "text"},
    "option-definitions": {"space": "dhcp4", "code": 224, "name": "perf", "kind": "text"},
    "webhooks": {"name": "perf", "url": "http://127.0.0.1:9/", "topics": ["audit"]},
    "alert-rules": {"name": "perf", "kind": "pool_usage", "threshold": 90, "clear": 85},
}  # fmt: skip
"""One object of each kind that the filling does not make, so that its page is there."""
MAIN: Final = ("/", "/subnets", "/subnets/{subnet_id}", "/leases")
AFTER_SAVES: Final = (
    "/", "/subnets", "/subnets?sort=-use", "/subnets/{subnet_id}", "/reservations", "/reservations?state=active",
    "/reservations?state=waiting", "/reservations?state=conflict",
)  # fmt: skip
"""Pages that show what is kept of the whole plan: how long does the first one after a save take?"""


def fill_audit(engine: Engine) -> None:
    """Write lines of the audit of today and of the days before; if there are some they stay."""
    now = utc_now()
    with unit_of_work(make_session_factory(engine), writing=False) as session:
        if session.scalar(select(AuditEntry.id).where(AuditEntry.at > now - timedelta(days=30)).limit(1)):
            return
    write(engine, AuditEntry, (
        {"at": now - timedelta(minutes=AUDIT_LINES - n), "actor": "perf", "action": "update", "request_id": "",
         "object": f"subnets/{n % 9000 + 1}", "before": {"name": "old"}, "after": {"name": "new"}, "revision": 0,
         "message": ""} for n in range(AUDIT_LINES)
    ))  # fmt: skip


def owned(web: httpx.Client, headers: dict[str, str]) -> dict[str, int]:
    """Return the id of an object of each kind in `OWN`, made where there is none."""
    found = {}
    for kind, told in OWN.items():
        items = web.get(f"/api/v1/{kind}", headers=headers).json()["items"]
        if not items:
            answer = web.post(f"/api/v1/{kind}", headers=headers, json=told)
            assert answer.status_code == 201, (kind, answer.text)
            items = [answer.json()]
        found[kind] = items[0]["id"]
    return found


def pages(app: FastAPI) -> list[str]:
    """Return the path of every page."""
    routes = ((str(r.path), r.methods or ()) for r in iter_route_contexts(app.routes))
    return sorted({re.sub(r":\w+}", "}", path) for path, methods in routes if "GET" in methods and path
                   and not NOT_PAGES.search(path)})  # fmt: skip


def filled(session: Session, own: dict[str, int]) -> dict[str, str]:
    """Return what stands in the paths for each parameter."""
    lease = session.scalars(select(Lease).where(Lease.ip > "10.3.0.0").limit(1)).one()
    user = session.scalars(select(User.id).limit(1)).one()
    entry = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(1)).one()
    kinds = {"tag_id": "tags", "vlan_id": "vlans", "class_id": "client-classes", "field_id": "custom-fields",
             "definition_id": "option-definitions", "webhook_id": "webhooks", "rule_id": "alert-rules"}  # fmt: skip
    return {
        "subnet_id": "5000", "pool_id": "5000", "reservation_id": "25000", "ip": str(lease.ip), "number": "1",
        "user_id": str(user), "entry_id": str(entry), "mac": lease.mac.hex(":"), "hostname": lease.hostname,
        **{name: str(own[kind]) for name, kind in kinds.items()},
    }  # fmt: skip


def asked(app: FastAPI, values: dict[str, str]) -> dict[str, str]:
    """Return every page, and of those with filters some questions more; name -> address."""
    found = {path: re.sub(r"{(\w+)}", lambda m: values[m[1]], path)
             for path in pages(app) if "import_id" not in path}  # fmt: skip
    found |= {"/leases/rows": "/leases/rows?after=999000&upto=1000000", "/help": "/help",
              "/shared-networks/edit": "/shared-networks/edit?name=perf"}  # fmt: skip
    mac, ip, name = values["mac"], values["ip"], values["hostname"]
    more = (
        "/?x=tiles", "/subnets?view=flat", "/subnets?after=5000", "/subnets?sort=-use", "/subnets?sort=-peak",
        "/subnets?sort=-free",
        "/subnets?sort=name", "/subnets?q=10.9.9.9", "/subnets?q=site-00777", "/leases?sort=ip",
        f"/leases?q={ip}", f"/leases?q={mac}", f"/leases?q={name}", "/leases?q=printer", "/leases?state=declined",
        "/leases?subnet=5000", "/reservations?q=server-777", "/reservations?subnet=5000",
        "/reservations?state=idle", "/reservations?state=active", "/reservations?state=conflict",
        "/reservations?state=waiting", f"/history?q={ip}", f"/history?q={mac}", f"/history?q={name}",
        f"/search?q={ip}", f"/search?q={mac}", f"/search?q={name}", "/search?q=site-00777",
        f"/explain?mac={mac}", f"/explain?mac={mac}&subnet_id=5000", f"/explain?mac={mac}&relay=10.9.9.1",
        "/subnets/5000?view=table", "/audit?q=subnets",
    )  # fmt: skip
    return found | {path: path for path in more}


@dataclass(frozen=True)
class Figure:
    """What was measured of a page."""

    name: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    raw_bytes: int
    sent_bytes: int


def saves(web: httpx.Client, token: str) -> dict[str, Callable[[int], None]]:
    """Return what saves one object or another, each time otherwise."""
    pool = web.get("/api/v1/pools/4321", headers={"Authorization": f"Bearer {token}"}).json()
    ends = pool["end"], str(ip_address(pool["end"]) - 1)
    told: dict[str, Callable[[int], dict[str, str]]] = {
        "reservations/4321": lambda n: {"hostname": f"host-{time.time_ns()}"},
        "subnets/4321": lambda n: {"name": f"site-{time.time_ns()}"},
        "pools/4321": lambda n: {"end": ends[n % 2]},
    }

    def save(object_: str, number: int) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"}
        answer = web.patch(f"/api/v1/{object_}", headers=headers, content=json.dumps(told[object_](number)))
        assert answer.status_code == 200, answer.text

    return {object_: partial(save, object_) for object_ in told}


def measure(
    web: httpx.Client,
    watch: Stopwatch,
    name: str,
    path: str,
    rounds: int,
    before: Callable[[int], None] | None = None,
) -> Figure:
    """Ask for a page some times; `before` is done before each."""
    headers = {"x-part": "tiles", "hx-request-type": "partial"} if path == "/?x=tiles" else {}
    spent, cpu, sent, raw = [], [], 0, 0
    for number in range(rounds + 1):
        if before is not None:
            before(number)
        with web.stream("GET", path, headers=headers) as answer:
            body = b"".join(answer.iter_raw())
        assert answer.status_code == 200, (path, answer.status_code, body[:300])
        sent, raw = len(body), _unpacked(answer, body)
        spent.append(watch.spent_s * 1000)
        cpu.append(watch.cpu_s * 1000)
    spent = spent[1:]
    return Figure(name, median(spent), p95(spent), median(cpu[1:]), raw, sent)


def _unpacked(answer: httpx.Response, body: bytes) -> int:
    if answer.headers.get("content-encoding") != "gzip":
        return len(body)
    return len(gzip.decompress(body))


def first_visit(web: httpx.Client, path: str) -> int:
    """Return the octets of a page and of all that it names, as they are sent."""
    html = web.get(path).text
    with web.stream("GET", path) as answer:
        total = sum(map(len, answer.iter_raw()))
    names = {name.split("#")[0] for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', html)}
    for name in names:
        with web.stream("GET", name) as answer:
            total += sum(map(len, answer.iter_raw()))
    return total


def show(figure: Figure) -> None:
    """Print a line."""
    mark = "" if figure.p95_ms <= TARGET_MS else "  MISSED"
    sys.stdout.write(
        f"{figure.name:44} p50 {figure.p50_ms:7.1f}  p95 {figure.p95_ms:7.1f} ms  cpu {figure.cpu_ms:7.1f}  "
        f"{figure.raw_bytes / 1000:7.1f} kB  {figure.sent_bytes / 1000:6.1f} kB sent{mark}\n"
    )
    sys.stdout.flush()


def ask(web: httpx.Client, watch: Stopwatch, chosen: dict[str, str], rounds: int) -> list[str]:
    """Ask for each page, print a line each, and return those that miss the target."""
    missed = []
    for name, path in chosen.items():
        figure = measure(web, watch, name, path, rounds)
        show(figure)
        if figure.p95_ms > TARGET_MS:
            missed.append(name)
    sys.stdout.write(f"{len(chosen)} pages, {len(missed)} over {TARGET_MS:.0f} ms at p95\n")
    return missed


def main() -> int:
    """Fill, ask, print; return 1 when a page misses the target."""
    given = arguments(__doc__, rounds=20, only="pages whose name this expression matches")
    engine = planned(given)
    fill_audit(engine)
    with unit_of_work(make_session_factory(engine)) as session:
        owner = session.scalar(select(User).where(User.name == "pages"))
        owner = owner or users.create_user(session, COMMAND_LINE, "pages", PASSWORD, "admin")
        _, secret = tokens.create_token(session, COMMAND_LINE, owner, "pages", None)
    sys.stdout.write(f"this machine: {steadiness()}\n")
    app = create_app(Settings(database_url=given.database, api_requests_per_minute=0))
    watch = Stopwatch(app)
    with served(app, watch) as url, httpx.Client(base_url=url, timeout=120) as web:
        own = owned(web, {"Authorization": f"Bearer {secret}"})
        signed = web.post("/login", data={"name": "pages", "password": PASSWORD})
        assert signed.status_code == 303, signed.status_code
        with unit_of_work(make_session_factory(engine), writing=False) as session:
            given_ids = filled(session, own)
        chosen = {name: path for name, path in asked(app, given_ids).items() if re.search(given.only, name)}
        missed = ask(web, watch, chosen, given.rounds)
        for object_, save in saves(web, secret).items() if given.only in ("", "after") else ():
            for path in AFTER_SAVES:
                named = path.replace("{subnet_id}", "4321")
                figure = measure(web, watch, f"{path} after {object_}", named, given.rounds, save)
                show(figure)
                missed += [figure.name] * (figure.p95_ms > TARGET_MS)
        for path in MAIN:
            octets = first_visit(web, path.replace("{subnet_id}", given_ids["subnet_id"]))
            sys.stdout.write(f"first visit of {path:30} {octets / 1000:6.1f} kB\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
