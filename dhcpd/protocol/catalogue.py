"""Which options are there for one configuration: the table's and the user's?"""

from collections.abc import Iterable
from typing import Final

from dhcpd.protocol.definitions import DHCP4, OptionDefinition
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json, Kind
from dhcpd.protocol.records import Member, array, record, records
from dhcpd.protocol.suboptions import SubOptions
from dhcpd.protocol.values import KINDS

MAX_VALUE_BYTES: Final = 1024
"""Longer values fit no reply that clients accept."""


RECORD: Final = "record"
"""The kind of values whose members the definition names."""


class Catalogue:
    """Option definitions by space, code and name; a later one replaces an earlier one of the same code."""

    def __init__(self, definitions: Iterable[OptionDefinition]) -> None:
        """Take the definitions of all spaces."""
        by_code = {(d.space, d.code): d for d in definitions}
        self._by_code = by_code
        self._by_name = {(d.space, d.name): d for d in by_code.values()}
        self._kinds = {**KINDS, **SubOptions(self.find, self.encode, self.decode).kinds()}
        self._composed: dict[OptionDefinition, Kind] = {}

    @property
    def definitions(self) -> list[OptionDefinition]:
        """All definitions: the options of messages first, then space by space, in the order of codes."""
        return sorted(self._by_code.values(), key=lambda d: (d.space != DHCP4, d.space, d.code))

    def find(self, code_or_name: object, space: str = DHCP4) -> OptionDefinition | None:
        """Return the option of a code (3 or "3") or a name ("routers"); None if there is none."""
        if isinstance(code_or_name, str):
            text = code_or_name.strip().lower()
            if not text.isdecimal():
                return self._by_name.get((space, text))
            code_or_name = int(text[:9])
        return self._by_code.get((space, code_or_name)) if isinstance(code_or_name, int) else None

    def kind(self, definition: OptionDefinition) -> Kind:
        """Return how the option's value is written; raise OptionValueError if the definition makes no sense."""
        if not definition.array and definition.kind != RECORD:
            return self._kinds[definition.kind]
        kind = self._composed.get(definition)
        if kind is None:
            kind = self._composed[definition] = _compose(definition)
        return kind

    def encode(self, definition: OptionDefinition, value: object) -> bytes:
        """Return the value as it goes on the wire; raise OptionValueError with a whole sentence."""
        try:
            data = self.kind(definition).encode(value)
        except OptionValueError as error:
            raise OptionValueError(error.problem, definition.name) from None
        if len(data) > MAX_VALUE_BYTES:
            raise OptionValueError(f"is longer than {MAX_VALUE_BYTES} octets", definition.name)
        return data

    def decode(self, definition: OptionDefinition, data: bytes) -> Json:
        """Return the value of the octets; raise OptionValueError if they can't be one."""
        return self.kind(definition).decode(data)


def _compose(definition: OptionDefinition) -> Kind:
    """Return the kind of a list or of an object with the definition's members."""
    if definition.kind != RECORD:
        return array(KINDS[definition.kind])
    members = [Member(part.name, KINDS[part.kind]) for part in definition.parts]
    for member in members if definition.array else members[:-1]:
        if not member.ends:
            where = "" if definition.array else " before the last one"
            raise OptionValueError(
                f"has no end: its kind, {member.kind.name}, may not stand{where} here", f'"{member.name}"'
            )
    make = records if definition.array else record
    return make(RECORD, "a list of objects" if definition.array else "an object", members)
