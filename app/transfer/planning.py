"""What becomes of each row of a source: create, update, skip or conflict? And what of it when it is undone?"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, ip_address
from itertools import groupby
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import ImportRow, Lease, StagedLease, Subnet
from app.models.base import utc_now
from app.services.actors import Actor
from app.services.errors import DomainError
from app.services.spans import key
from app.transfer.document import Row
from app.transfer.rehearsal import Rehearsal
from app.transfer.table_kind import Key, Step, TableKind
from app.transfer.tables import TABLES, UNFIT, label

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


@dataclass(slots=True)
class _Wish:
    """A row that waits to be carried out: its keys, what is to be done, and what that changes of an object."""

    row: Row
    verdict: Verdict
    keys: list[Key]
    step: Step
    changes: dict[str, Any] | None = None


class Planner:
    """Carries rows out on the copy, one after another; those of some kinds together, with the same outcome."""

    def __init__(self, rehearsal: Rehearsal, actor: Actor) -> None:
        self._rehearsal = rehearsal
        self._actor = actor
        self._known: dict[str, dict[Key, Any]] = {}
        self._lines: dict[tuple[str, Any], int] = {}
        self._prefixes: Prefixes | None = None
        self._waiting: list[_Wish] = []
        self._taken: set[Any] = set()
        """The keys that waiting rows name, and the objects that they change."""

    def rows(self, rows: Sequence[Row]) -> list[Verdict]:
        """Return what becomes of rows that go through the services."""
        self._load(rows)
        verdicts = [self._row(row) for row in rows]
        self._carry_out_waiting()
        return verdicts

    def _load(self, rows: Sequence[Row]) -> None:
        """Read the objects that the rows name, so that no look at one is a query."""
        found: dict[str, list[Any]] = {}
        for row in rows:
            kind = TABLES.get(row.kind)
            if kind is None or kind.change_many is None:
                continue
            with suppress(*UNFIT):  # what is wrong with the row is told when its turn comes
                id_ = self._find(kind, self._keys(kind, row))
                if id_ is not None:
                    found.setdefault(row.kind, []).append(id_)
        for name, ids in found.items():
            TABLES[name].load(self._rehearsal.session, ids)

    def _row(self, row: Row) -> Verdict:
        kind = TABLES.get(row.kind)
        verdict = Verdict(row.line, row.kind, label(row.kind, row.values)[:300], "conflict")
        if kind is None:
            verdict.reason = f"{row.kind} cannot be imported."
            return verdict
        try:
            self._decide(kind, row, verdict)
        except UNFIT as error:
            verdict.action, verdict.reason = "conflict", _why(error)
        return verdict

    def _decide(self, kind: TableKind, row: Row, verdict: Verdict) -> None:
        keys = self._keys(kind, row)
        if self._waiting and self._meets(kind, keys):
            self._carry_out_waiting()
        found = self._find(kind, keys)
        if found is None:
            wish: _Wish | None = _Wish(row, verdict, keys, (None, _given(row)))
        else:
            wish = self._update(kind, row, verdict, found, keys)
        if wish is not None:
            self._waiting.append(wish)
            self._taken.update(wish.keys if found is None else [*wish.keys, found])
            if kind.change_many is None:
                self._carry_out_waiting()

    def _keys(self, kind: TableKind, row: Row) -> list[Key]:
        """Return the row's natural keys; a reservation without a subnet has those of the one around its address."""
        keys = kind.keys(row.values)
        if row.kind != "reservations" or not row.values.get("ip") or row.values.get("subnet"):
            return keys
        if self._prefixes is None:
            self._prefixes = Prefixes(self._rehearsal.session)
        return [*keys, *kind.keys({**row.values, "subnet": self._prefixes.around(row.values["ip"])})]

    def _find(self, kind: TableKind, keys: list[Key]) -> Any:
        known = self._index(kind)
        return next((known[name] for name in keys if name in known), None)

    def _meets(self, kind: TableKind, keys: list[Key]) -> bool:
        """Tell whether a row that waits is of another kind, has one of the keys, or changes what they find."""
        named = [*keys, self._find(kind, keys)]
        return self._waiting[0].row.kind != kind.name or any(name in self._taken for name in named)

    def _update(self, kind: TableKind, row: Row, verdict: Verdict, found: Any, keys: list[Key]) -> _Wish | None:
        """Return what is to be done to an object; None = nothing, as the verdict says."""
        before = kind.shown(self._rehearsal.session, found)
        wanted = {**before, **{name: value for name, value in row.values.items() if value is not None}}
        after = _normal(kind, before, wanted)
        changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
        earlier = self._lines.get((kind.name, found))
        if not changes:
            verdict.action = "skip"
            verdict.reason = "It is there already." if earlier is None else f"The same as line {earlier}."
            return None
        if earlier is not None and kind.name != "settings":
            verdict.reason = f"Line {earlier} says otherwise of the same object: {', '.join(sorted(changes))}."
            return None
        return _Wish(row, verdict, [*keys, *kind.keys(after)], (found, after), changes)

    def _carry_out_waiting(self) -> None:
        """Do together what waits."""
        waiting, self._waiting, self._taken = self._waiting, [], set()
        if not waiting:
            return
        kind = TABLES[waiting[0].row.kind]
        results = carry_out(self._rehearsal, self._actor, kind, [wish.step for wish in waiting])
        for wish, result in zip(waiting, results, strict=True):
            if isinstance(result, Exception):
                wish.verdict.reason = _why(result)
                continue
            self._note(kind, wish, result)

    def _index(self, kind: TableKind) -> dict[Key, Any]:
        if kind.name not in self._known:
            self._known[kind.name] = dict(kind.known(self._rehearsal.session))
        return self._known[kind.name]

    def _note(self, kind: TableKind, wish: _Wish, object_id: Any) -> None:
        """Tell what was done, and remember which line did it, and the object's keys."""
        verdict, keys = wish.verdict, wish.keys
        if wish.changes is not None:
            verdict.action, verdict.values = "update", wish.changes
        else:
            verdict.action, verdict.values = "create", kind.shown(self._rehearsal.session, object_id)
            keys = [*keys, *kind.keys(verdict.values)]
        verdict.object_id = str(object_id)
        self._lines[kind.name, object_id] = wish.row.line
        if kind.name == "subnets":
            self._prefixes = None
        self._index(kind).update(dict.fromkeys(keys, object_id))


def carry_out(rehearsal: Rehearsal, actor: Actor, kind: TableKind, steps: Sequence[Step]) -> list[Any]:
    """Return the id or the error of each step: together, or one by one where the database refuses them together."""
    many = kind.change_many
    if many is not None:
        with suppress(DomainError):
            return rehearsal.attempt(lambda session: many(session, actor, steps))  # type: ignore[no-any-return]  # as many does
    return [_attempt_one(rehearsal, actor, kind, step) for step in steps]


def _attempt_one(rehearsal: Rehearsal, actor: Actor, kind: TableKind, step: Step) -> Any:
    id_, fields = step

    def change(session: Session) -> Any:
        if id_ is None:
            return kind.create(session, actor, fields or {})
        if fields is None:
            kind.delete(session, actor, id_)
        else:
            kind.update(session, actor, id_, fields)
        return id_

    try:
        return rehearsal.attempt(change)
    except UNFIT as error:
        return error


class Prefixes:
    """Finds the narrowest subnet around an address, without a query for each."""

    def __init__(self, session: Session) -> None:
        self._cidrs: dict[tuple[int, int], str] = {}
        for first, length in session.execute(select(Subnet.first, Subnet.prefix_len)):
            host_bits = first.max_prefixlen - length
            self._cidrs[host_bits, key(first) >> host_bits] = f"{first}/{length}"
        self._host_bits = sorted({bits for bits, _ in self._cidrs})

    def around(self, ip: object) -> str | None:
        """Return the prefix, or None when there is none or it is no address."""
        try:
            number = key(ip_address(str(ip).strip()))
        except ValueError:
            return None
        found = ((bits, number >> bits) for bits in self._host_bits)
        return next((self._cidrs[place] for place in found if place in self._cidrs), None)


def _given(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.values.items() if value is not None and value != ""}


def _why(error: Exception) -> str:
    """Return why a row is refused, in a sentence."""
    if isinstance(error, DomainError):
        return _sentence(error)
    if isinstance(error, ValidationError):
        return faults(error)
    return f"The row cannot be understood: {error!r}."


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
    return "; ".join(f"{'/'.join(str(part) for part in row['loc'])}: {_fault(row)}" for row in error.errors()[:5])


def _fault(row: Any) -> str:
    """Return what is wrong with a field; the check's own words name classes where it wants an object."""
    if row["type"] in ("model_type", "dict_type"):
        return "an object is wanted here, not a text"
    return str(row["msg"]).removeprefix("Value error, ")


# --- taking back ---


def take_back(rehearsal: Rehearsal, actor: Actor, rows: Sequence[ImportRow]) -> list[str]:
    """Undo applied rows on the copy, in this order; return why each was kept, empty when it was undone."""
    reasons: list[str] = []
    for name, group in groupby(rows, key=lambda row: row.kind):
        kind, part = TABLES[name], list(group)
        kind.load(rehearsal.session, [_object_id(row) for row in part])
        at_once = len(part) if kind.change_many is not None else 1
        for start in range(0, len(part), at_once):
            reasons += _take_back(rehearsal, actor, kind, part[start : start + at_once])
    return reasons


def _take_back(rehearsal: Rehearsal, actor: Actor, kind: TableKind, rows: Sequence[ImportRow]) -> list[str]:
    steps = [_step_back(rehearsal.session, kind, row) for row in rows]
    results = carry_out(rehearsal, actor, kind, [step for step in steps if not isinstance(step, str)])
    reasons = iter([_why(result) if isinstance(result, Exception) else "" for result in results])
    return [step if isinstance(step, str) else next(reasons) for step in steps]


def _object_id(row: ImportRow) -> Any:
    return row.object_id if row.kind in NAMED else int(row.object_id)


def _step_back(session: Session, kind: TableKind, row: ImportRow) -> Step | str:
    """Return what takes an applied row back, or why it is kept; empty = what it made is gone already."""
    try:
        present = kind.shown(session, _object_id(row))
    except DomainError:
        return "" if row.action == "create" else "It is gone."
    made = row.action == "create"
    after = row.values if made else {name: value for name, (_, value) in row.values.items()}
    changed = sorted(name for name, value in after.items() if present.get(name) != value)
    if changed:
        return f"Changed since: {', '.join(changed)}."
    if made and kind.name == "subnets" and _holds_something(session, _object_id(row)):
        return "It holds pools, reservations or addresses that the import did not make."
    before = {**present, **{name: value for name, (value, _) in row.values.items()}} if not made else None
    return _object_id(row), before


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
