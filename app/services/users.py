"""Who has an account, and is this their password?"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from pwdlib import PasswordHash
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models import LoginSession, Subnet, User
from app.services.actors import ROLES, Actor, require
from app.services.audit import record
from app.services.errors import Conflict, Invalid, NotFound, Problem
from app.services.listing import Listing, fields
from app.services.rows import picture, put_back

MIN_PASSWORD: Final = 10
MAX_PASSWORD: Final = 1000
MIN_DIFFERENT: Final = 5
_hasher = PasswordHash.recommended()
LISTING: Final = Listing(
    User,
    fields(User, "id", "name", "role", "disabled", "created_at"),
    sort="name",
    search=lambda text: User.name.icontains(text, autoescape=True),
)


def count_users(session: Session) -> int:
    """Return how many accounts there are; 0 = first run."""
    return session.scalar(select(func.count()).select_from(User)) or 0


def get_user(session: Session, user_id: int) -> User:
    """Return a user; raises NotFound."""
    found = session.get(User, user_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no user {user_id}."))
    return found


def find_by_name(session: Session, name: str) -> User | None:
    """Return the user of a name, if there is one."""
    return session.scalar(select(User).where(User.name == name.strip()))


def create_user(
    session: Session,
    actor: Actor,
    name: str,
    password: str | None,
    role: str,
    *,
    subnets: list[int] | None = None,
    external_id: str | None = None,
) -> User:
    """Make an account; password None = signs in elsewhere. Raises Invalid or Conflict."""
    name = name.strip()
    _check(session, name, role, subnets)
    if find_by_name(session, name) is not None:
        raise _taken(name, name)
    hashed = "" if password is None else _hash(name, password)
    row = User(name=name, password_hash=hashed, role=role, subnets=subnets, external_id=external_id)
    session.add(row)
    session.flush()
    record(session, actor, "create", f"users/{row.id}", None, _picture(row), role="admin")
    return row


def bring_back_user(session: Session, actor: Actor, told: Mapping[str, Any]) -> User:
    """Make a deleted account again as its picture tells, with its link to the provider and, if it is free, its id.

    Its password, tokens and sessions are gone. Raises Invalid or Conflict.
    """
    row = User(password_hash="")
    put_back(row, told, told.keys() - {"version"})
    _check(session, row.name, row.role, row.subnets)
    _refuse_same(session, row)
    if session.get(User, row.id) is not None:
        row.id = None  # type: ignore[assignment]  # the database gives one
    session.add(row)
    session.flush()
    record(session, actor, "create", f"users/{row.id}", None, _picture(row), role="admin")
    return row


def update_user(session: Session, actor: Actor, user: User, changes: dict[str, Any]) -> User:
    """Change name, role, subnets or whether the account is disabled; raises Invalid or Conflict.

    A disabled user's sessions end. The last admin who can sign in stays one.
    """
    before = _picture(user)
    with session.no_autoflush:
        for name, value in changes.items():
            setattr(user, name, value)
        _check(session, user.name, user.role, user.subnets)
        other = find_by_name(session, user.name)
    if other is not None and other is not user:
        raise _taken(user.name, str(other.id))
    session.flush()
    _keep_an_admin(session)
    if user.disabled:
        _end_sessions(session, user)
    record(session, actor, "update", f"users/{user.id}", before, _picture(user), role="admin")
    return user


def delete_user(session: Session, actor: Actor, user: User) -> None:
    """Remove an account with its sessions and tokens; what it did stays in the audit. Raises Invalid."""
    before = _picture(user)
    session.delete(user)
    session.flush()
    _keep_an_admin(session)
    record(session, actor, "delete", f"users/{before['id']}", before, None, role="admin")


def set_password(
    session: Session, actor: Actor, user: User, password: str, *, current: str | None = None, keep: str = ""
) -> None:
    """Change a password and end the user's sessions, but for the one whose secret's digest is `keep`.

    A user proves the change of their own by the current one; an admin changes another's without. Raises Invalid.
    """
    if user.external_id is not None:
        detail = f"{user.name} signs in at the OpenID provider and has no password here."
        raise Invalid(Problem("password", "external", detail))
    if user.id == actor.user_id:
        if not user.password_hash or not _hasher.verify((current or "")[:MAX_PASSWORD], user.password_hash):
            raise Invalid(Problem("current_password", "wrong", "This is not your present password."))
    else:
        require(actor, "admin")
    user.password_hash = _hash(user.name, password)
    session.flush()
    _end_sessions(session, user, keep)
    record(session, actor, "password", f"passwords/{user.id}", None, None, role="viewer")


def verify(session: Session, name: str, password: str) -> User | None:
    """Return the user if the password is theirs; takes equally long when there is no such user."""
    row = find_by_name(session, name)
    able = row is not None and bool(row.password_hash)
    right = _hasher.verify(password[:MAX_PASSWORD], row.password_hash if row is not None and able else _nobody())
    return row if row is not None and able and right and not row.disabled else None


def _refuse_same(session: Session, row: User) -> None:
    """Raise Conflict when another account has the name, or is of the same person of the provider."""
    same = [User.name == row.name]
    if row.external_id is not None:
        same.append(User.external_id == row.external_id)
    other = session.scalar(select(User).where(or_(*same)).limit(1))
    if other is not None and other.name == row.name:
        raise _taken(row.name, str(other.id))
    if other is not None:
        detail = f"The person of {row.name} at the provider has the account {other.name} now."
        raise Conflict(Problem("external_id", "duplicate", detail, "users", str(other.id)))


def _taken(name: str, by: str) -> Conflict:
    return Conflict(Problem("name", "duplicate", f"There is a user {name} already.", "users", by))


def check_subnets(session: Session, subnets: Sequence[int] | None) -> None:
    """Raise Invalid when one of the subnets does not exist."""
    if subnets is None:
        return
    if not subnets:
        raise Invalid(Problem("subnets", "empty", "Name subnets, or null for all of them."))
    known = set(session.scalars(select(Subnet.id).where(Subnet.id.in_(subnets))))
    if set(subnets) - known:
        raise Invalid(Problem("subnets", "not_found", f"There is no subnet {min(set(subnets) - known)}."))


def _check(session: Session, name: str, role: str, subnets: list[int] | None) -> None:
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise Invalid(Problem("name", "length", "A name has 1 to 80 printable characters."))
    if role not in ROLES:
        raise Invalid(Problem("role", "choice", f"The role is one of {', '.join(ROLES)}."))
    check_subnets(session, subnets)


@cache
def _nobody() -> str:
    """Return the hash that is compared for a name that nobody has, so that the time tells nothing."""
    return _hasher.hash("no such user")


def _hash(name: str, password: str) -> str:
    """Return what is kept of a password that keeps the rules; raises Invalid."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        detail = f"A password has at least {MIN_PASSWORD} and at most {MAX_PASSWORD} characters."
        raise Invalid(Problem("password", "length", detail))
    if len(set(password)) < MIN_DIFFERENT or (name.lower() in password.lower() and len(name) > 3):
        detail = f"A password has {MIN_DIFFERENT} different characters and does not hold the name."
        raise Invalid(Problem("password", "weak", detail))
    return _hasher.hash(password)


def _keep_an_admin(session: Session) -> None:
    able = select(func.count()).select_from(User).where(User.role == "admin", User.disabled.is_(False))
    if not session.scalar(able):
        raise Invalid(Problem("role", "last_admin", "This is the last admin; make another one first."))


def _end_sessions(session: Session, user: User, keep: str = "") -> None:
    for row in session.scalars(select(LoginSession).where(LoginSession.user_id == user.id)):
        if row.secret_hash != keep:
            session.delete(row)
    session.flush()


def _picture(row: User) -> dict[str, Any]:
    return {name: value for name, value in picture(row).items() if name != "password_hash"}
