"""What does a client get when several scopes have something to say?

Most specific wins: reservation > pool > class > subnet > shared network > global.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dhcpd.protocol.addresses import parse_ipv4
from dhcpd.protocol.catalogue import Catalogue
from dhcpd.protocol.constants import (
    BOOTFILE_NAME,
    BROADCAST_ADDRESS_OPTION,
    ROUTERS,
    SUBNET_MASK,
    TFTP_SERVER_NAME,
)

VARIANTS: Final = 64
"""Sets of classes that one scope keeps ready; more than these are merged anew."""


@dataclass(slots=True, eq=False, frozen=True)
class Layer:
    """What one scope says itself: option bytes by code and boot fields; None = nothing about it."""

    options: dict[int, bytes]
    always: frozenset[int] = frozenset()
    siaddr: int | None = None
    sname: bytes | None = None
    file: bytes | None = None


def layer_of(
    catalogue: Catalogue,
    rows: Iterable[Mapping[str, Any]],
    next_server: str | None = None,
    server_name: str | None = None,
    boot_file: str | None = None,
) -> Layer | None:
    """Return what a scope says, from its rows {"option", "value", "always"} and boot fields; None = nothing.

    The boot fields are told as options 66 and 67 too, to clients that ask for these, so that both always agree.
    Raises OptionValueError; options that the catalogue does not have are left out.
    """
    options: dict[int, bytes] = {}
    if next_server or server_name:
        options[TFTP_SERVER_NAME] = (server_name or next_server or "").encode()
    if boot_file:
        options[BOOTFILE_NAME] = boot_file.encode()
    always: set[int] = set()
    for row in rows:
        definition = catalogue.find(row["option"])
        if definition is not None:
            options[definition.code] = catalogue.encode(definition, row["value"])
            if row.get("always"):
                always.add(definition.code)
    if not options:
        return None
    return Layer(
        options,
        frozenset(always),
        parse_ipv4(next_server) if next_server else None,
        server_name.encode() if server_name else None,
        boot_file.encode() if boot_file else None,
    )


def prefix_layer(last: int, prefix_len: int, gateway: int | None) -> Layer:
    """Return what follows from a subnet's prefix and gateway: mask, broadcast address, router."""
    mask = (0xFFFFFFFF << (32 - prefix_len)) & 0xFFFFFFFF
    options = {SUBNET_MASK: mask.to_bytes(4, "big")}
    if prefix_len < 31:
        options[BROADCAST_ADDRESS_OPTION] = last.to_bytes(4, "big")
    if gateway is not None:
        options[ROUTERS] = gateway.to_bytes(4, "big")
    return Layer(options)


@dataclass(slots=True, eq=False, frozen=True)
class Matched:
    """The classes of one client; layers weakest first; dropped_by = the name of the class that drops it."""

    names: frozenset[str]
    layers: tuple[Layer, ...] = ()
    dropped_by: str = ""


@dataclass(slots=True, eq=False)
class Scope:
    """The effective settings of a subnet, pool or reservation: option bytes by code and boot fields.

    `cache` holds encoded options by (parameter list, message type, lease time, server id); it dies with the
    snapshot. Classes come between `below` (the subnet's scope; None = this is it) and `above`, the layers of the
    pool and the reservation.
    """

    options: dict[int, bytes]
    always: frozenset[int] = frozenset()
    siaddr: int = 0
    sname: bytes = b""
    file: bytes = b""
    cache: dict[tuple[bytes | None, int, int | None, int], bytes] = field(default_factory=dict)
    below: "Scope | None" = None
    above: tuple[Layer, ...] = ()
    _variants: dict[Matched, "Scope"] = field(default_factory=dict)

    def under(self, layer: Layer | None) -> "Scope":
        """Return these settings overridden by a more specific scope's; the same object if that says nothing."""
        if layer is None:
            return self
        return Scope(
            {**self.options, **layer.options},
            self.always.difference(layer.options) | layer.always,
            self.siaddr if layer.siaddr is None else layer.siaddr,
            self.sname if layer.sname is None else layer.sname,
            self.file if layer.file is None else layer.file,
            below=self.below or self,
            above=(*self.above, layer) if self.below else (layer,),
        )

    def as_base(self) -> "Scope":
        """Return these settings as those that classes override."""
        return Scope(self.options, self.always, self.siaddr, self.sname, self.file)

    def for_classes(self, matched: Matched) -> "Scope":
        """Return the settings of a client of these classes, merged once for each set of classes."""
        found = self._variants.get(matched)
        if found is None:
            found = self.below or self
            for layer in (*matched.layers, *self.above):
                found = found.under(layer)
            if len(self._variants) >= VARIANTS:
                self._variants.clear()
            self._variants[matched] = found
        return found
