"""How are values of several members, and lists of them, written?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json, Kind, want_list, want_object
from dhcpd.protocol.names import DOMAIN, decode_name

MAX_MEMBERS: Final = 256
"""Members of a list on the wire."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a record; `prefix` = octets of the length before it, 0 if its kind tells where it ends."""

    name: str
    kind: Kind
    prefix: int = 0

    @property
    def ends(self) -> bool:
        """Whether the octets themselves tell where the member ends."""
        return bool(self.prefix) or self.kind.size is not None or self.kind is DOMAIN

    def encode(self, value: object) -> bytes:
        """Return the octets, with their length if that goes before them."""
        try:
            data = self.kind.encode(value)
        except OptionValueError as error:
            raise OptionValueError(f'has a bad "{self.name}": it {error.problem}') from None
        if not self.prefix:
            return data
        if len(data) >= 1 << 8 * self.prefix:
            raise OptionValueError(f'has a "{self.name}" that is too long')
        return len(data).to_bytes(self.prefix, "big") + data

    def take(self, data: bytes, at: int) -> tuple[Json, int]:
        """Return the value that begins at `at`, and where it ends."""
        start, end = at, len(data)
        if self.prefix:
            start = at + self.prefix
            end = start + int.from_bytes(data[at:start], "big")
        elif self.kind.size is not None:
            end = at + self.kind.size
        elif self.kind is DOMAIN:
            return decode_name(data, at)
        if start > len(data) or end > len(data):
            raise OptionValueError(f'is cut short in "{self.name}"')
        return self.kind.decode(data[start:end]), end


def record(name: str, summary: str, members: Sequence[Member]) -> Kind:
    """Return the kind of objects with these members in this order; only the last one may be of open length."""
    names = [member.name for member in members]
    sizes = [member.kind.size if not member.prefix else None for member in members]
    fixed = None if None in sizes else sum(size or 0 for size in sizes)

    def encode(value: object) -> bytes:
        given = want_object(value, *names)
        return b"".join([member.encode(given[member.name]) for member in members])

    def decode(data: bytes) -> Json:
        value, end = _take(members, data, 0)
        if end != len(data):
            raise OptionValueError(f"has {len(data) - end} octets too many")
        return value

    return Kind(name, summary, {m.name: m.kind.example for m in members}, encode, decode, fixed)


def records(name: str, summary: str, members: Sequence[Member]) -> Kind:
    """Return the kind of lists of such objects; every member must tell where it ends."""
    one = record(name, summary, members)

    def encode(value: object) -> bytes:
        return b"".join([one.encode(row) for row in want_list(value, "an object")])

    def decode(data: bytes) -> Json:
        rows: list[Json] = []
        at = 0
        while at < len(data):
            row, at = _take(members, data, at)
            rows.append(row)
            check_count(rows)
        if not rows:
            raise OptionValueError("needs at least one member")
        return rows

    return Kind(name, summary, [one.example], encode, decode)


def _take(members: Sequence[Member], data: bytes, at: int) -> tuple[Mapping[str, Json], int]:
    value: dict[str, Json] = {}
    for member in members:
        value[member.name], at = member.take(data, at)
    return value, at


def listed(name: str, summary: str, member: Member) -> Kind:
    """Return the kind of lists whose members are plain values, each of which tells where it ends."""

    def encode(value: object) -> bytes:
        return b"".join([member.encode(item) for item in want_list(value, member.kind.summary)])

    def decode(data: bytes) -> Json:
        items: list[Json] = []
        at = 0
        while at < len(data):
            item, at = member.take(data, at)
            items.append(item)
            check_count(items)
        if not items:
            raise OptionValueError("needs at least one member")
        return items

    return Kind(name, summary, [member.kind.example], encode, decode)


def check_count(items: Sequence[Json]) -> None:
    """Refuse a list on the wire that is longer than any sensible one."""
    if len(items) > MAX_MEMBERS:
        raise OptionValueError(f"has more than {MAX_MEMBERS} members")


def array(kind: Kind) -> Kind:
    """Return the kind of lists of a kind; raises OptionValueError if its values do not tell where they end."""
    member = Member("member", kind)
    if not member.ends or kind.size == 0:
        raise OptionValueError("can't be listed: its values do not tell where they end", f"the kind {kind.name}")
    return listed(f"{kind.name}[]", f"a list, each member {kind.summary}", member)
