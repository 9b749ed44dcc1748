"""Who acts, and what may they do?"""

from dataclasses import dataclass
from typing import Final

from app.models.types import Address
from app.services.errors import Forbidden, Problem

ROLES: Final = ("viewer", "operator", "admin")


@dataclass(frozen=True, slots=True)
class Actor:
    """The person, script or command line behind a change: with which token, in which request, and why.

    ranges None = everywhere, else (first, last) of the prefixes in which alone the actor sees and changes things.
    scopes empty = all that the role allows.
    """

    name: str
    role: str
    user_id: int | None = None
    token: str | None = None
    request_id: str = ""
    message: str = ""
    ranges: tuple[tuple[Address, Address], ...] | None = None
    scopes: tuple[str, ...] = ()


COMMAND_LINE: Final = Actor("command line", "admin")


def require(actor: Actor, role: str) -> None:
    """Raise Forbidden unless the actor has at least the role."""
    if ROLES.index(actor.role) < ROLES.index(role):
        raise Forbidden(Problem("", "permission", f"This needs the role {role}; {actor.name} is {actor.role}."))


def require_scope(actor: Actor, resource: str, verb: str) -> None:
    """Raise Forbidden unless the actor's token may `read` or `write` the resource; write includes read."""
    enough = {verb, "write", f"{resource}:{verb}", f"{resource}:write"}
    if actor.scopes and not enough & set(actor.scopes):
        raise Forbidden(Problem("", "scope", f"The token {actor.token!r} lacks the scope {resource}:{verb}."))


def require_everywhere(actor: Actor) -> None:
    """Raise Forbidden for an actor who is limited to some subnets."""
    if actor.ranges is not None:
        raise Forbidden(Problem("", "grant", f"{actor.name} is limited to some subnets; this concerns them all."))
