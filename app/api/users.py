"""JSON routes of users, and of whoever is calling."""

from ipaddress import summarize_address_range

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session

from app.api.paging import Id
from app.api.resource import Resource
from app.api.route import ApiRoute
from app.auth.deps import COOKIE, Admin, Db, Viewer
from app.models import User
from app.schemas.users import MeOut, PasswordIn, UserIn, UserOut, UserSettings, user_out
from app.services import users
from app.services.actors import Actor
from app.services.errors import NotFound, Problem
from app.services.sessions import digest

RESOURCE = Resource(
    path="users",
    noun="user",
    plural="users",
    listing=users.LISTING,
    shape=UserOut,
    show=lambda session, rows: [user_out(row) for row in rows],
    get=users.get_user,
    accepts=UserIn,
    patches=UserSettings,
    create=lambda session, actor, data: users.create_user(
        session, actor, data.name, data.password, data.role, subnets=data.subnets
    ),
    update=lambda session, actor, row, data: users.update_user(session, actor, row, data.model_dump()),
    delete=users.delete_user,
    reads="admin",
    writes="admin",
)
router = RESOURCE.router()
me = APIRouter(prefix="/me", tags=["me"], route_class=ApiRoute)


@router.put("/{user_id:int}/password", operation_id="set_user_password", status_code=204)
def set_user_password(request: Request, session: Db, actor: Admin, user_id: Id, data: PasswordIn) -> None:
    """Give a user a new password and end their sessions."""
    _set(request, session, actor, users.get_user(session, user_id), data)


@me.get("", operation_id="get_me")
def get_me(actor: Viewer) -> MeOut:
    """Tell who is calling, and what they may do."""
    prefixes = [p for first, last in actor.ranges or () for p in summarize_address_range(first, last)]
    limits = None if actor.ranges is None else [str(prefix) for prefix in prefixes]
    same = {name: getattr(actor, name) for name in ("name", "role", "user_id", "token")}
    return MeOut(**same, scopes=list(actor.scopes), subnets=limits)


@me.put("/password", operation_id="set_my_password", status_code=204)
def set_my_password(request: Request, session: Db, actor: Viewer, data: PasswordIn) -> None:
    """Change one's own password, proved by the current one; every other session of the caller ends."""
    row = session.get(User, actor.user_id)
    if row is None:
        raise NotFound(Problem("", "not_found", "There is no such user any more."))
    _set(request, session, actor, row, data)


def _set(request: Request, session: Session, actor: Actor, row: User, data: PasswordIn) -> None:
    keep = digest(request.cookies.get(COOKIE, ""))
    users.set_password(session, actor, row, data.password, current=data.current_password, keep=keep)
