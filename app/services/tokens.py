"""Which scripts may call?"""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Token, User
from app.models.base import utc_now
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import Invalid, NotFound, Problem
from app.services.sessions import digest

PREFIX = "lb_"


def create_token(
    session: Session, actor: Actor, user: User, name: str, expires_at: datetime | None
) -> tuple[Token, str]:
    """Return a new token's row and its secret, which is shown this once."""
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(Problem("name", "length", "A token's name has 1 to 80 characters."))
    secret = PREFIX + secrets.token_urlsafe(32)
    row = Token(user_id=user.id, name=name.strip(), secret_hash=digest(secret), expires_at=expires_at)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"tokens/{row.id}", None, {"name": row.name, "user": user.name}, role="viewer")
    return row, secret


def find(session: Session, secret: str) -> Token | None:
    """Return the token of a secret if it has not expired."""
    row = session.scalar(select(Token).where(Token.secret_hash == digest(secret)))
    return row if row is not None and (row.expires_at is None or row.expires_at > utc_now()) else None


def list_tokens(session: Session, user_id: int) -> list[Token]:
    """Return a user's tokens."""
    return list(session.scalars(select(Token).where(Token.user_id == user_id).order_by(Token.id)))


def delete_token(session: Session, actor: Actor, token_id: int) -> None:
    """Revoke one of the actor's own tokens; an admin may revoke any. Raises NotFound."""
    row = session.get(Token, token_id)
    if row is None or (row.user_id != actor.user_id and actor.role != "admin"):
        raise NotFound(Problem("id", "not_found", f"There is no token {token_id}."))
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"tokens/{token_id}", {"name": row.name}, None, role="viewer")
