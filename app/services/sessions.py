"""Which browser is signed in?"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.models import LoginSession, User
from app.models.base import utc_now

LIFETIME: Final = timedelta(days=7)


def digest(secret: str) -> str:
    """Return what is kept of a secret with 256 random bits (no slow hash is needed for these)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def start(session: Session, user: User) -> str:
    """Sign a browser in and return its secret; forgets sessions that have ended."""
    session.execute(delete(LoginSession).where(LoginSession.expires_at < utc_now()))
    secret = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            user_id=user.id,
            secret_hash=digest(secret),
            csrf=secrets.token_urlsafe(32),
            expires_at=utc_now() + LIFETIME,
        )
    )
    session.flush()
    return secret


def find(session: Session, secret: str) -> LoginSession | None:
    """Return the live session of a secret."""
    row = session.scalar(select(LoginSession).where(LoginSession.secret_hash == digest(secret)))
    return row if row is not None and row.expires_at > utc_now() else None


def end(session: Session, secret: str) -> None:
    """Sign a browser out."""
    session.execute(delete(LoginSession).where(LoginSession.secret_hash == digest(secret)))
