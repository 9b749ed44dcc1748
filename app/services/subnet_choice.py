"""Which subnets does a field offer, and which one is meant by what it says?

A few are offered as a list. Of more than that one is searched for: by its prefix, its name, or an address in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.models import Subnet
from app.services import outline
from app.services.nesting import home_of
from app.services.subnets import Label, labels

FEW: Final = 300
"""A list with more subnets than this would be most of what is sent of a page."""
NONE: Final = -1
"""The id that no subnet has."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The subnets of a list; when they are searched for, only those that are chosen already."""

    labels: dict[int, Label]
    searched: bool

    def text(self, value: object) -> str:
        """Return what the field says of a subnet's id; of anything else, what was typed."""
        label = self.labels.get(int(str(value))) if str(value).isdecimal() else None
        return label.cidr if label is not None else str(value or "")


def choice(session: Session, chosen: Iterable[object] = (), *conditions: ColumnElement[bool]) -> Choice:
    """Return what a field offers of the subnets that meet the conditions."""
    if conditions or not outline.is_larger(session, FEW):
        found = labels(session, *conditions, limit=FEW + 1)
        if len(found) <= FEW:
            return Choice(found, searched=False)
    ids = [int(str(each)) for each in chosen if str(each).isdecimal() and len(str(each)) < 10]
    return Choice(labels(session, Subnet.id.in_(ids)) if ids else {}, searched=True)


def meant(session: Session, text: str) -> str:
    """Return the id of the subnet that a text names, as text; the text itself when it names none.

    It names one by its id, its prefix, an address in it, or its name, when no other has the same.
    """
    text = text.strip()
    if not text or text.isdecimal():
        return text
    found = _by_network(session, text)
    if found is None:
        named = session.scalars(select(Subnet.id).where(Subnet.name == text).limit(2)).all()
        found = named[0] if len(named) == 1 else None
    return text if found is None else str(found)


def _by_network(session: Session, text: str) -> int | None:
    try:
        if "/" not in text:
            home = home_of(session, ip_address(text))
            return home.id if home is not None else None
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    same = (Subnet.first == network.network_address, Subnet.prefix_len == network.prefixlen)
    return session.scalar(select(Subnet.id).where(*same))


def narrowed(session: Session, text: str) -> int | None:
    """Return the id that a filter narrows to; None = it is empty, `NONE` = it names no subnet."""
    told = meant(session, text)
    if not told:
        return None
    return int(told) if told.isdecimal() and len(told) < 10 else NONE
