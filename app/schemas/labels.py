"""How do VLANs, tags and custom fields look from outside?"""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from app.models import CustomField, Tag, Vlan
from app.models.base import values_of
from app.schemas.fields import Shape

MAX_TAGS: Final = 50
_TAG: Final = re.compile(r"\w[\w .:/+-]{0,59}")
Resource = Literal["subnets", "pools", "reservations", "addresses", "vlans"]
FieldType = Literal["text", "integer", "boolean", "date", "choice", "url"]


def _tag(text: str) -> str:
    name = " ".join(text.split()).lower()
    if not _TAG.fullmatch(name):
        raise ValueError(f"{text[:80]!r} is no tag: 1 to 60 letters, digits, spaces and . : / + - _")
    return name


def _tags(names: list[str]) -> list[str]:
    return sorted(set(names))


TagName = Annotated[str, AfterValidator(_tag)]
Tags = Annotated[list[TagName], Field(max_length=MAX_TAGS), AfterValidator(_tags)]
CustomValues = Annotated[dict[str, Any], Field(max_length=200)]


class Labelled(Shape):
    """What every object of the plan can bear: tags, in lower case, and fields of the user's own by name."""

    tags: Tags = Field(default_factory=list)
    custom_fields: CustomValues = Field(default_factory=dict)


class VlanIn(Labelled):
    """A VLAN; its number is unique in its group (a site, a switch domain)."""

    vid: int = Field(ge=1, le=4094)
    group: str = Field("", max_length=80)
    name: str = Field("", max_length=120)
    description: str = Field("", max_length=2000)


class VlanOut(VlanIn):
    """A VLAN as it is stored; `subnets` = how many subnets name it."""

    id: int
    version: int
    subnets: int


class TagIn(Shape):
    """A tag; color like #2563eb, or empty."""

    name: TagName
    color: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$")
    description: str = Field("", max_length=2000)


class TagOut(TagIn):
    """A tag as it is stored; `used` = how many objects bear it."""

    id: int
    version: int
    used: int


class CustomFieldIn(Shape):
    """The definition of a field; a choice has its values in `choices`."""

    resource: Resource
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: str = Field("", max_length=80)
    type: FieldType
    required: bool = False
    default: Any = None
    choices: list[Annotated[str, Field(min_length=1, max_length=120)]] = Field(default_factory=list, max_length=200)
    description: str = Field("", max_length=2000)

    @model_validator(mode="after")
    def _choices_fit(self) -> "CustomFieldIn":
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("a field of the type choice has choices, and no other has")
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("a choice is named twice")
        return self


class CustomFieldOut(CustomFieldIn):
    """A definition as it is stored; `used` = how many objects have a value."""

    id: int
    version: int
    used: int


def vlan_out(row: Vlan, subnets: int) -> VlanOut:
    """Return the shape of a row."""
    names = ("id", "vid", "group", "name", "description", "tags", "custom_fields", "version")
    return VlanOut.of(**values_of(row, names), subnets=subnets)


def tag_out(row: Tag, used: int) -> TagOut:
    """Return the shape of a row."""
    names = ("id", "name", "color", "description", "version")
    return TagOut.of(**values_of(row, names), used=used)


def custom_field_out(row: CustomField, used: int) -> CustomFieldOut:
    """Return the shape of a row."""
    names = ("id", "version", *CustomFieldIn.model_fields)
    return CustomFieldOut.of(**values_of(row, names), used=used)
