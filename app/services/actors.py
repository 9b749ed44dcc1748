"""Who acts, and what may they do?"""

from dataclasses import dataclass
from typing import Final

from app.services.errors import Forbidden, Problem

ROLES: Final = ("viewer", "operator", "admin")


@dataclass(frozen=True, slots=True)
class Actor:
    """The person, script or command line behind a change: with which token, in which request, and why."""

    name: str
    role: str
    user_id: int | None = None
    token: str | None = None
    request_id: str = ""
    message: str = ""


COMMAND_LINE: Final = Actor("command line", "admin")


def require(actor: Actor, role: str) -> None:
    """Raise Forbidden unless the actor has at least the role."""
    if ROLES.index(actor.role) < ROLES.index(role):
        raise Forbidden(Problem("", "permission", f"This needs the role {role}; {actor.name} is {actor.role}."))
