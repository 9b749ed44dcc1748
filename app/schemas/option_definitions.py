"""How does an option of the user's own look from outside?"""

from typing import Any

from pydantic import Field

from app.models import OptionDefinition
from app.models.base import values_of
from app.schemas.fields import Shape

NAME = r"^[a-z][a-z0-9-]*$"


class RecordField(Shape):
    """A member of a value of kind `record`."""

    name: str = Field(min_length=1, max_length=60, pattern=NAME)
    kind: str = Field(max_length=20)


class OptionDefinitionIn(Shape):
    """An option beside the catalogue's, or a sub-option of a vendor.

    space: `dhcp4` = an option of the message; `vendor-4491` = a sub-option of enterprise 4491 in option 125; any
    other name = a vendor's sub-options, which option 43 (or another of kind `suboptions`) names. kind: one of
    /options, or `record` with its fields. array: a list of such values.
    """

    space: str = Field("dhcp4", max_length=40, pattern=NAME)
    code: int = Field(ge=1, le=254)
    name: str = Field(min_length=1, max_length=60, pattern=NAME)
    kind: str = Field(max_length=20, examples=["u16"])
    array: bool = False
    fields: list[RecordField] = Field(default_factory=list, max_length=32)
    description: str = Field("", max_length=2000)


class OptionDefinitionOut(OptionDefinitionIn):
    """A definition as it is stored."""

    id: int
    version: int


class OptionOut(Shape):
    """An option that there is: of the catalogue, or the user's own (definition_id).

    value: what its kind wants, in words; set_by: what writes it when users can't.
    """

    space: str
    code: int
    name: str
    kind: str
    array: bool
    rfc: str
    description: str
    settable: bool
    set_by: str
    value: str
    example: Any
    definition_id: int | None


def option_definition_out(row: OptionDefinition) -> OptionDefinitionOut:
    """Return the shape of a row."""
    same = values_of(row, OptionDefinitionIn.model_fields)
    return OptionDefinitionOut.of(**same, id=row.id, version=row.version)
