"""What is known of an option?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

DHCP4: Final = "dhcp4"
"""The space of the options of a message; every other space holds sub-options."""
ENTERPRISE: Final = "vendor-"
"""Before an enterprise number: the space of that enterprise's sub-options in option 125."""


@dataclass(frozen=True, slots=True)
class Part:
    """A member of a value of kind `record`; the kind is a key of KINDS."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class OptionDefinition:
    """One option: code, name, kind of value (a key of KINDS), where it is defined, a plain description.

    set_by: what writes it into a reply when no user may ("" = users set it). space: DHCP4, or the vendor space that
    the sub-option belongs to. array: a list of values of the kind. parts: the members of kind `record`.
    """

    code: int
    name: str
    kind: str
    rfc: str
    description: str = ""
    set_by: str = ""
    space: str = DHCP4
    array: bool = False
    parts: tuple[Part, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether no RFC fixes the meaning, so that a site may give it another."""
        return self.rfc == "private"


def user_defined(
    space: str, code: int, name: str, kind: str, array: bool, parts: Iterable[Mapping[str, Any]], description: str
) -> OptionDefinition:
    """Return a definition of the user's own, from its row; `parts` as {"name", "kind"}."""
    members = tuple(Part(part["name"], part["kind"]) for part in parts)
    return OptionDefinition(code, name, kind, "user", description, "", space, array, members)
