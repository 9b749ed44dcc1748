"""Which scripts may call, from where, and for what?"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Token, User
from app.models.base import utc_now
from app.services import grants, users
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Forbidden, Invalid, NotFound, Problem
from app.services.listing import Listing, fields
from app.services.rows import picture
from app.services.sessions import digest

PREFIX: Final = "lb_"
LISTING: Final = Listing(
    Token,
    fields(Token, "id", "user_id", "name", "created_at", "expires_at", "last_used_at"),
    search=lambda text: Token.name.icontains(text, autoescape=True),
)


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """What a token may do less than its user; the defaults are no limit."""

    scopes: list[str] = field(default_factory=list)
    subnets: list[int] | None = None
    allowed_networks: list[str] = field(default_factory=list)


def create_token(
    session: Session,
    actor: Actor,
    user: User,
    name: str,
    expires_at: datetime | None,
    limits: TokenLimits | None = None,
) -> tuple[Token, str]:
    """Return a new token's row and its secret, which is shown this once. A token can't make a stronger one.

    Raises Invalid, or Forbidden for somebody else's user.
    """
    limits = limits or TokenLimits()
    if user.id != actor.user_id and actor.role != "admin":
        raise Forbidden(Problem("user_id", "permission", "Only an admin makes a token for somebody else."))
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(Problem("name", "length", "A token's name has 1 to 80 characters."))
    users.check_subnets(session, limits.subnets)
    mine = grants.ranges_of(session, limits.subnets)
    if actor.ranges is not None and not grants.holds(actor.ranges, mine or ()):
        raise Forbidden(Problem("subnets", "grant", "A token sees no more than the one who makes it."))
    scopes = limits.scopes or list(actor.scopes)
    if actor.scopes and not set(scopes) <= set(actor.scopes):
        raise Forbidden(Problem("scopes", "scope", "A token has no scope that the one it is made with lacks."))
    secret = PREFIX + secrets.token_urlsafe(32)
    row = Token(
        user_id=user.id, name=name.strip(), secret_hash=digest(secret), expires_at=expires_at, scopes=scopes,
        subnets=limits.subnets, allowed_networks=limits.allowed_networks,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, actor, "create", f"tokens/{row.id}", None, _picture(row), role="viewer")
    return row, secret


def find(session: Session, secret: str, remote: str) -> Token | None:
    """Return the token of a secret unless it has expired, its user may not enter, or it comes from elsewhere."""
    row = session.scalar(select(Token).where(Token.secret_hash == digest(secret)))
    if row is None or row.user.disabled or (row.expires_at is not None and row.expires_at <= utc_now()):
        return None
    return row if _is_from(row.allowed_networks, remote) else None


def _is_from(networks: list[str], remote: str) -> bool:
    if not networks:
        return True
    try:
        address = ip_address(remote)
    except ValueError:
        return False
    return any(address in ip_network(network) for network in networks)


def get_token(session: Session, actor: Actor, token_id: int) -> Token:
    """Return one of the actor's own tokens; an admin sees any. Raises NotFound."""
    row = session.get(Token, token_id)
    if row is None or (row.user_id != actor.user_id and actor.role != "admin"):
        raise NotFound(Problem("id", "not_found", f"There is no token {token_id}."))
    return row


def delete_token(session: Session, actor: Actor, token_id: int) -> None:
    """Revoke one of the actor's own tokens; an admin may revoke any. Raises NotFound."""
    row = get_token(session, actor, token_id)
    before = _picture(row)
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"tokens/{token_id}", before, None, role="viewer")


def _picture(row: Token) -> dict[str, Any]:
    return {name: value for name, value in picture(row).items() if name not in ("secret_hash", "last_used_at")}
