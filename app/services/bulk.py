"""What is done to many objects at once, all or nothing?"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from app.services import leases, pools, reservations, subnets
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import DomainError, Invalid, Problem
from app.services.grants import limited
from app.services.labels import label
from app.services.rows import picture

MAX_OBJECTS: Final = 1000
"""Objects of one change, in the REST API too."""
Action = Callable[[Session, Actor, str, str], object]


def change(session: Session, actor: Actor, resource: str, action: str, keys: Sequence[str], tag: str = "") -> None:
    """Do an action to each object by its key (a number, or a lease's address); the first that refuses stops all.

    Raises Invalid (an unknown action, no object, too many) and what the services raise, with the object's name.
    """
    work = ACTIONS.get(resource, {}).get(action)
    if work is None:
        raise Invalid(Problem("action", "unknown", f"There is no action {action!r} for {resource}."))
    if not keys or len(keys) > MAX_OBJECTS:
        raise Invalid(Problem("", "count", f"Choose 1 to {MAX_OBJECTS} objects, not {len(keys)}."))
    for key in dict.fromkeys(keys):
        try:
            work(session, actor, key, tag)
        except DomainError as error:
            raise type(error)(*(Problem("", p.code, f"{key}: {p.detail}") for p in error.problems)) from None


def _number(key: str) -> int:
    if not key.isdecimal() or len(key) > 10:
        raise Invalid(Problem("", "key", f"{key[:20]!r} is no number of an object."))
    return int(key)


def _row(session: Session, actor: Actor, resource: str, key: str) -> Any:
    get: dict[str, Callable[[Session, int], Any]] = {
        "reservations": reservations.get_reservation, "pools": pools.get_pool, "subnets": subnets.get_subnet,
    }  # fmt: skip
    with limited(session, actor.ranges):
        return get[resource](session, _number(key))


def _tagging(resource: str, present: bool) -> Action:
    """Return the action that gives objects a tag, or takes it away."""

    def work(session: Session, actor: Actor, key: str, tag: str) -> None:
        names = [name for name in tag.replace(",", " ").lower().split() if name]
        if not names:
            raise Invalid(Problem("tag", "required", "Name the tag."))
        row = _row(session, actor, resource, key)
        before = picture(row)
        kept = [name for name in row.tags if name not in names]
        wanted = list(dict.fromkeys([*row.tags, *names])) if present else kept
        if wanted == row.tags:
            return
        label(session, resource, row, wanted, row.custom_fields)
        session.flush()
        record(session, actor, "update", f"{resource}/{row.id}", before, picture(row))

    return work


def _deleting(resource: str) -> Action:
    services: dict[str, Callable[[Session, Actor, int], None]] = {
        "reservations": reservations.delete_reservation,
        "pools": pools.delete_pool,
        "subnets": subnets.delete_subnet,
    }

    def work(session: Session, actor: Actor, key: str, tag: str) -> None:
        services[resource](session, actor, _row(session, actor, resource, key).id)

    return work


def _switching(enabled: bool) -> Action:
    def work(session: Session, actor: Actor, key: str, tag: str) -> None:
        row = _row(session, actor, "subnets", key)
        if row.dhcp_enabled != enabled:
            subnets.update_subnet(session, actor, row.id, {"dhcp_enabled": enabled})

    return work


def _ordering(action: str) -> Action:
    def work(session: Session, actor: Actor, key: str, tag: str) -> None:
        with limited(session, actor.ranges):
            leases.get_lease(session, key)
        leases.order(session, actor, key, action)

    return work


def _plan(resource: str) -> dict[str, Action]:
    return {
        "tag": _tagging(resource, present=True),
        "untag": _tagging(resource, present=False),
        "delete": _deleting(resource),
    }


ACTIONS: Final[dict[str, dict[str, Action]]] = {
    "reservations": _plan("reservations"),
    "pools": _plan("pools"),
    "subnets": {**_plan("subnets"), "dhcp-on": _switching(True), "dhcp-off": _switching(False)},
    "leases": {"release": _ordering("release"), "quarantine": _ordering("quarantine")},
}
