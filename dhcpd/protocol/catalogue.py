"""Which options are there for one configuration: the table's and the user's?"""

from collections.abc import Iterable
from typing import Final

from dhcpd.protocol.definitions import DHCP4, OptionDefinition
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json, Kind
from dhcpd.protocol.values import KINDS

MAX_VALUE_BYTES: Final = 1024
"""Longer values fit no reply that clients accept."""


class Catalogue:
    """Option definitions by space, code and name; a later one replaces an earlier one of the same code."""

    def __init__(self, definitions: Iterable[OptionDefinition]) -> None:
        """Take the definitions of all spaces."""
        by_code = {(d.space, d.code): d for d in definitions}
        self._by_code = by_code
        self._by_name = {(d.space, d.name): d for d in by_code.values()}

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
        """Return how the option's value is written."""
        return KINDS[definition.kind]

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
