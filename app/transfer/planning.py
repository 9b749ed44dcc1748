"""What becomes of each row of a source: create, update, skip or conflict? And what of it when it is undone?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Lease, StagedLease, Subnet
from app.models.base import utc_now
from app.services.actors import Actor
from app.services.errors import DomainError
from app.transfer.document import Row
from app.transfer.rehearsal import Rehearsal
from app.transfer.table_kind import Key, TableKind
from app.transfer.tables import TABLES, label, subnet_around

Values = Mapping[str, Any]
LEASES_AT_ONCE: Final = 500
NAMED: Final = ("addresses", "shared_networks")
"""Kinds whose objects have a name for their id."""


@dataclass(slots=True)
class Verdict:
    """What becomes of a row, and why; `values` as in ImportRow."""

    line: int
    kind: str
    key: str
    action: str
    reason: str = ""
    object_id: str = ""
    values: dict[str, Any] = field(default_factory=dict)


class Planner:
    """Carries rows out on the copy, one after another."""

    def __init__(self, rehearsal: Rehearsal, actor: Actor) -> None:
        self._rehearsal = rehearsal
        self._actor = actor
        self._known: dict[str, dict[Key, Any]] = {}
        self._lines: dict[tuple[str, Any], int] = {}

    def row(self, row: Row) -> Verdict:
        """Return what becomes of a row that goes through the services."""
        kind = TABLES.get(row.kind)
        verdict = Verdict(row.line, row.kind, label(row.kind, row.values)[:300], "conflict")
        if kind is None:
            verdict.reason = f"{row.kind} cannot be imported."
            return verdict
        try:
            self._decide(kind, row, verdict)
        except DomainError as error:
            verdict.action, verdict.reason = "conflict", _sentence(error)
        except ValidationError as error:
            verdict.action, verdict.reason = "conflict", faults(error)
        except (KeyError, TypeError, ValueError) as error:
            verdict.action, verdict.reason = "conflict", f"The row cannot be understood: {error!r}."
        return verdict

    def _decide(self, kind: TableKind, row: Row, verdict: Verdict) -> None:
        known = self._index(kind)
        keys = kind.keys(row.values)
        found = next((known[key] for key in keys if key in known), None)
        if found is None and row.kind == "reservations" and row.values.get("ip") and not row.values.get("subnet"):
            keys = kind.keys({**row.values, "subnet": subnet_around(self._rehearsal.session, row.values["ip"])})
            found = next((known[key] for key in keys if key in known), None)
        if found is None:
            self._create(kind, row, verdict, keys)
            return
        before = kind.shown(self._rehearsal.session, found)
        wanted = {**before, **{name: value for name, value in row.values.items() if value is not None}}
        after = _normal(kind, before, wanted)
        changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
        earlier = self._lines.get((kind.name, found))
        if not changes:
            verdict.action = "skip"
            verdict.reason = "It is there already." if earlier is None else f"The same as line {earlier}."
            return
        if earlier is not None and kind.name != "settings":
            verdict.reason = f"Line {earlier} says otherwise of the same object: {', '.join(sorted(changes))}."
            return
        self._rehearsal.attempt(lambda session: kind.update(session, self._actor, found, after))
        self._note(kind, row, found, keys)
        verdict.action, verdict.object_id, verdict.values = "update", str(found), changes

    def _create(self, kind: TableKind, row: Row, verdict: Verdict, keys: list[Key]) -> None:
        given = {name: value for name, value in row.values.items() if value is not None and value != ""}
        made = self._rehearsal.attempt(lambda session: kind.create(session, self._actor, given))
        verdict.values = self._note(kind, row, made, keys)
        verdict.action, verdict.object_id = "create", str(made)

    def _index(self, kind: TableKind) -> dict[Key, Any]:
        if kind.name not in self._known:
            self._known[kind.name] = dict(kind.known(self._rehearsal.session))
        return self._known[kind.name]

    def _note(self, kind: TableKind, row: Row, object_id: Any, keys: list[Key]) -> dict[str, Any]:
        """Remember which line wrote the object, and its keys; return how it looks now."""
        self._lines[kind.name, object_id] = row.line
        shown = kind.shown(self._rehearsal.session, object_id)
        for key in (*keys, *kind.keys(shown)):
            self._index(kind)[key] = object_id
        return shown


def _normal(kind: TableKind, before: Values, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the wanted fields as the shape writes them; natural keys, which no shape has, as they are."""
    fields = {name: value for name, value in wanted.items() if name in kind.shape.model_fields}
    known = set(kind.shape.model_fields) | set(before) | {"subnet"}
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise ValueError(f"there is no field {', '.join(unknown)}")
    rest = {name: before.get(name, value) for name, value in wanted.items() if name not in fields}
    checked = kind.shape.model_validate({**fields, **_stand_ins(kind)})
    shown = checked.model_dump(mode="json", include=set(fields))
    return {**rest, **shown}


def _stand_ins(kind: TableKind) -> dict[str, Any]:
    """Return a value for the field that stands for the subnet, which rows name by its prefix."""
    return {"subnet_id": 1} if "subnet_id" in kind.shape.model_fields else {}


def _sentence(error: DomainError) -> str:
    return str(error) or "Another object has the same key."


def faults(error: ValidationError) -> str:
    """Return what is wrong with the fields, in one line."""
    return "; ".join(
        f"{'/'.join(str(part) for part in row['loc'])}: {str(row['msg']).removeprefix('Value error, ')}"
        for row in error.errors()[:5]
    )


# --- taking back ---


def take_back(rehearsal: Rehearsal, actor: Actor, row: Any) -> str:
    """Undo an applied ImportRow on the copy; return why it was kept, empty when it was undone."""
    kind = TABLES[row.kind]
    object_id = row.object_id if kind.name in NAMED else int(row.object_id)
    try:
        present = kind.shown(rehearsal.session, object_id)
    except DomainError:
        return "" if row.action == "create" else "It is gone."
    if row.action == "create":
        return _take_back_created(rehearsal, actor, kind, object_id, present, row.values)
    changed = [name for name, (_, after) in row.values.items() if present.get(name) != after]
    if changed:
        return f"Changed since: {', '.join(sorted(changed))}."
    before = {**present, **{name: value for name, (value, _) in row.values.items()}}
    try:
        rehearsal.attempt(lambda session: kind.update(session, actor, object_id, before))
    except DomainError as error:
        return _sentence(error)
    return ""


def _take_back_created(
    rehearsal: Rehearsal, actor: Actor, kind: TableKind, object_id: Any, present: Values, made: Values
) -> str:
    changed = sorted(name for name, value in made.items() if present.get(name) != value)
    if changed:
        return f"Changed since: {', '.join(changed)}."
    if kind.name == "subnets" and _holds_something(rehearsal.session, object_id):
        return "It holds pools, reservations or addresses that the import did not make."
    try:
        rehearsal.attempt(lambda session: kind.delete(session, actor, object_id))
    except DomainError as error:
        return _sentence(error)
    return ""


def _holds_something(session: Session, subnet_id: int) -> bool:
    """Tell whether a table that would lose rows with the subnet has any."""
    keys = [key for table in Subnet.metadata.sorted_tables for key in table.foreign_keys]
    lost = [key for key in keys if key.column.table.name == "subnets" and key.ondelete == "CASCADE"]
    queries = (select(key.parent).where(key.parent == subnet_id).limit(1) for key in lost)
    return any(session.execute(query).first() for query in queries)


# --- leases ---


def plan_leases(session: Session, rows: list[Row], cidrs: Session) -> list[tuple[Verdict, dict[str, Any] | None]]:
    """Return what becomes of leases, at most LEASES_AT_ONCE; beside each create the row to stage.

    `session` reads the leases that there are, `cidrs` the plan.
    """
    found: list[tuple[Verdict, dict[str, Any] | None]] = []
    ips = [IPv4Address(row.values["ip"]) for row in rows]
    present = {row.ip: row for row in session.scalars(select(Lease).where(Lease.ip.in_(ips)))}
    for row, ip in zip(rows, ips, strict=True):
        verdict = Verdict(row.line, "leases", str(ip), "conflict")
        staged = _staged(row.values, ip)
        verdict.action, verdict.reason = _judge_lease(staged, present.get(ip), cidrs)
        found.append((verdict, staged if verdict.action == "create" else None))
    return found


def _staged(values: Values, ip: IPv4Address) -> dict[str, Any]:
    moments = {name: _moment(values.get(name)) for name in ("started_at", "expires_at")}
    mac = bytes.fromhex(str(values.get("mac") or "").replace(":", ""))
    client_id = bytes.fromhex(str(values.get("client_id") or "").replace(":", ""))
    texts = {name: str(values.get(name) or "") for name in ("hostname", "vendor_class")}
    state = str(values.get("state") or "active")
    return {"ip": ip, "state": state, "mac": mac, "client_id": client_id, **texts, **moments}


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str) and value:
        parsed = datetime.fromisoformat(value)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else None


def _judge_lease(staged: dict[str, Any], present: Lease | None, plan: Session) -> tuple[str, str]:
    ip, expires = staged["ip"], staged["expires_at"]
    if expires is not None and expires <= utc_now():
        return "skip", f"It ran out at {expires.isoformat()}."
    inside = select(Subnet.id).where(Subnet.first <= ip, Subnet.last >= ip, Subnet.dhcp_enabled).limit(1)
    if plan.scalar(inside) is None:
        return "conflict", f"{ip} is in no subnet that DHCP serves; import the configuration first."
    if present is not None and present.state == "active" and (present.expires_at or utc_now()) >= utc_now():
        same = (present.client_id == staged["client_id"]) if staged["client_id"] else present.mac == staged["mac"]
        return ("skip", "It is leased to this client here already.") if same else (
            "conflict", f"{ip} is leased to another client here.")  # fmt: skip
    return "create", ""


def staged_row(import_id: int, staged: dict[str, Any]) -> dict[str, Any]:
    """Return the row of staged_leases as Writes take it."""
    defaults = {"htype": 1, "relay_info": b"", "undo": False, "result": ""}
    row = {"import_id": import_id, **defaults, **staged}
    assert set(row) == set(StagedLease.__table__.columns.keys())
    return {
        name: int(v.timestamp()) if isinstance(v, datetime) else v.hex() if isinstance(v, bytes) else
        str(v) if isinstance(v, IPv4Address) else v for name, v in row.items()
    }  # fmt: skip
