"""Which account belongs to a person that an OpenID provider knows?

Its issuer and subject together, never a name or an address of mail: those may go to somebody else.
"""

import hashlib
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import LoginSession, User
from app.services import users
from app.services.actors import Actor
from app.services.errors import Forbidden, Problem
from app.services.locks import lock_plan

PROVIDER: Final = Actor("openid", "admin")
"""Who makes and changes these accounts, in the audit."""
MAX_ID: Final = 255
MAX_NAME: Final = 70
"""Characters; leaves room for what tells two people of one name apart."""
SAME_NAME: Final = 1000


def external_id(issuer: str, subject: str) -> str:
    """Return what the account keeps of the person's identity."""
    plain = f"{issuer}#{subject}"
    if len(plain) <= MAX_ID:
        return plain
    return f"{issuer[:150]}#sha256:{hashlib.sha256(plain.encode()).hexdigest()}"


def find(session: Session, issuer: str, subject: str) -> User | None:
    """Return the account of a person, if there is one."""
    return session.scalar(select(User).where(User.external_id == external_id(issuer, subject)))


def come(session: Session, issuer: str, subject: str, name: str, role: str) -> User:
    """Return the account of a person who has come, made or brought up to date. Raises Forbidden or Invalid."""
    lock_plan(session)
    user = find(session, issuer, subject)
    if user is None:
        free = _free(session, name, None)
        return users.create_user(session, PROVIDER, free, None, role, external_id=external_id(issuer, subject))
    if user.disabled:
        raise Forbidden(Problem("", "disabled", f"The account {user.name} is disabled."))
    changes = {"name": _free(session, name, user), "role": role}
    if (user.name, user.role) != (changes["name"], role):
        users.update_user(session, PROVIDER, user, changes)
    return user


def refuse(session: Session, issuer: str, subject: str) -> None:
    """End the sessions of a person who may not come in any more."""
    user = find(session, issuer, subject)
    if user is not None:
        for row in session.scalars(select(LoginSession).where(LoginSession.user_id == user.id)):
            session.delete(row)


def _free(session: Session, name: str, user: User | None) -> str:
    """Return the name, with a number when another account has it."""
    plain = name[:MAX_NAME].strip() or "?"
    for number in range(1, SAME_NAME):
        wanted = plain if number == 1 else f"{plain} ({number})"
        other = users.find_by_name(session, wanted)
        if other is None or other is user:
            return wanted
    raise Forbidden(Problem("name", "duplicate", f"Too many accounts are called {plain}."))
