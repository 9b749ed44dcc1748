"""Which tags are there, and what happens to the objects that bear one?"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models import Tag
from app.schemas.labels import TagIn
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Conflict, NotFound, Problem
from app.services.labels import TABLES, bearers, find_bearer, tagged
from app.services.listing import Listing, fields
from app.services.locks import lock_plan
from app.services.rows import check_version, picture

LISTING: Final = Listing(
    Tag,
    fields(Tag, "id", "name", "color", "description"),
    sort="name",
    search=lambda text: or_(
        Tag.name.icontains(text, autoescape=True), Tag.description.icontains(text, autoescape=True)
    ),
)


def list_tags(session: Session) -> list[Tag]:
    """Return all tags by name."""
    return list(session.scalars(select(Tag).order_by(Tag.name)))


def get_tag(session: Session, tag_id: int) -> Tag:
    """Return a tag; raises NotFound."""
    found = session.get(Tag, tag_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no tag {tag_id}."))
    return found


def find_tag(session: Session, name: str) -> Tag | None:
    """Return the tag of a name."""
    return session.scalar(select(Tag).where(Tag.name == name))


def used(session: Session, rows: Sequence[Tag]) -> dict[int, int]:
    """Return how many objects bear each tag."""
    found = sum((bearers(session, model, "tags") for model in TABLES.values()), Counter[str]())
    return {row.id: found[row.name] for row in rows}


def create_tag(session: Session, actor: Actor, data: TagIn) -> Tag:
    """Make a tag; raises Conflict."""
    lock_plan(session)
    row = Tag(**data.model_dump())
    _check(session, row)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"tags/{row.id}", None, picture(row))
    return row


def update_tag(
    session: Session, actor: Actor, tag_id: int, data: TagIn, expected_version: int | None = None
) -> Tag:
    """Change a tag; a new name goes to every object that bears it. Raises NotFound, Conflict or Stale."""
    lock_plan(session)
    row = get_tag(session, tag_id)
    check_version(row.version, expected_version)
    before = picture(row)
    with session.no_autoflush:
        old = row.name
        for name, value in data.model_dump().items():
            setattr(row, name, value)
        _check(session, row)
    session.flush()
    if row.name != old:
        _replace(session, old, row.name)
    record(session, actor, "update", f"tags/{row.id}", before, picture(row))
    return row


def delete_tag(session: Session, actor: Actor, tag_id: int, expected_version: int | None = None) -> None:
    """Remove a tag from everything that bears it; raises NotFound or Stale."""
    lock_plan(session)
    row = get_tag(session, tag_id)
    check_version(row.version, expected_version)
    before = {**picture(row), "bearers": [f"{resource}/{key}" for resource, key in _bearers(session, row.name)]}
    _replace(session, row.name, None)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"tags/{tag_id}", before, None)


def give_back(session: Session, row: Tag, told: Mapping[str, Any]) -> None:
    """Let what bore a deleted tag, as its picture in the audit tells, bear it again if it is still there."""
    for bearer in told.get("bearers", ()):
        resource, _, key = bearer.partition("/")
        found = find_bearer(session, resource, key)
        if found is not None:
            found.tags = sorted({*found.tags, row.name})
    session.flush()


def _check(session: Session, row: Tag) -> None:
    other = find_tag(session, row.name)
    if other is not None and other is not row:
        raise Conflict(Problem("name", "duplicate", f"There is a tag {row.name!r} already.", "tags", str(other.id)))


def _bearers(session: Session, name: str) -> Iterator[tuple[str, object]]:
    for resource, model in TABLES.items():
        key = model.ip if resource == "addresses" else model.id
        for found in session.scalars(select(key).where(tagged(model, name)).order_by(key)):
            yield resource, found


def _replace(session: Session, old: str, new: str | None) -> None:
    for model in TABLES.values():
        for row in session.scalars(select(model).where(tagged(model, old))):
            row.tags = sorted({new if name == old else name for name in row.tags} - {None})
    session.flush()
