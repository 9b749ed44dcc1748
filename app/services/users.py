"""Who has an account, and is this their password?"""

from typing import Final

from pwdlib import PasswordHash
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import User
from app.services.actors import ROLES, Actor
from app.services.audit import record
from app.services.errors import Conflict, Invalid, Problem

MIN_PASSWORD: Final = 10
_hasher = PasswordHash.recommended()
_NOBODY = _hasher.hash("no such user: compared all the same, so that the time tells nothing")


def count_users(session: Session) -> int:
    """Return how many accounts there are; 0 = first run."""
    return session.scalar(select(func.count()).select_from(User)) or 0


def create_user(session: Session, actor: Actor, name: str, password: str, role: str) -> User:
    """Make an account; raises Invalid or Conflict."""
    name = name.strip()
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise Invalid(Problem("name", "length", "A name has 1 to 80 printable characters."))
    if role not in ROLES:
        raise Invalid(Problem("role", "choice", f"The role is one of {', '.join(ROLES)}."))
    if len(password) < MIN_PASSWORD or len(password) > 1000:
        raise Invalid(Problem("password", "length", f"A password has at least {MIN_PASSWORD} characters."))
    if session.scalar(select(User).where(User.name == name)) is not None:
        raise Conflict(Problem("name", "duplicate", f"There is a user {name} already.", "users", name))
    row = User(name=name, password_hash=_hasher.hash(password), role=role)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"users/{row.id}", None, {"name": name, "role": role}, role="admin")
    return row


def verify(session: Session, name: str, password: str) -> User | None:
    """Return the user if the password is theirs; takes equally long when there is no such user."""
    row = session.scalar(select(User).where(User.name == name.strip()))
    right = _hasher.verify(password[:1000], row.password_hash if row else _NOBODY)
    return row if row and right else None
