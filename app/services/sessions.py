"""Which browser is signed in?"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.models import LoginSession, User
from app.models.base import utc_now
from app.services.actors import Actor
from app.services.audit import record
from app.services.errors import NotFound, Problem
from app.services.listing import Listing, fields

LIFETIME: Final = timedelta(days=7)
LISTING: Final = Listing(
    LoginSession,
    fields(LoginSession, "id", "user_id", "created_at", "expires_at", "last_used_at", "remote"),
    sort="-id",
)


def digest(secret: str) -> str:
    """Return what is kept of a secret with 256 random bits (no slow hash is needed for these)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def start(session: Session, user: User, remote: str = "", user_agent: str = "") -> str:
    """Sign a browser in and return its secret; forgets sessions that have ended."""
    session.execute(delete(LoginSession).where(LoginSession.expires_at < utc_now()))
    secret = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            user_id=user.id,
            secret_hash=digest(secret),
            csrf=secrets.token_urlsafe(32),
            expires_at=utc_now() + LIFETIME,
            last_used_at=utc_now(),
            remote=remote[:45],
            user_agent=user_agent[:200],
        )
    )
    session.flush()
    return secret


def find(session: Session, secret: str) -> LoginSession | None:
    """Return the live session of a secret."""
    row = session.scalar(select(LoginSession).where(LoginSession.secret_hash == digest(secret)))
    return row if row is not None and row.expires_at > utc_now() and not row.user.disabled else None


def get_session(session: Session, actor: Actor, session_id: int) -> LoginSession:
    """Return one of the actor's own sessions; an admin sees any. Raises NotFound."""
    row = session.get(LoginSession, session_id)
    if row is None or (row.user_id != actor.user_id and actor.role != "admin"):
        raise NotFound(Problem("id", "not_found", f"There is no session {session_id}."))
    return row


def revoke(session: Session, actor: Actor, session_id: int) -> None:
    """Sign a browser out from afar; raises NotFound."""
    row = get_session(session, actor, session_id)
    told = {"user_id": row.user_id, "remote": row.remote, "user_agent": row.user_agent}
    session.delete(row)
    session.flush()
    record(session, actor, "delete", f"sessions/{session_id}", told, None, role="viewer")


def end(session: Session, secret: str) -> None:
    """Sign a browser out."""
    session.execute(delete(LoginSession).where(LoginSession.secret_hash == digest(secret)))
