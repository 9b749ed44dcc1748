"""Commands for accounts and for tokens of scripts."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.context import AsJson, Database, factory_of, print_json, print_rows, refuse
from app.database import unit_of_work
from app.models import Token, User
from app.models.base import utc_now
from app.services import tokens, users
from app.services.actors import COMMAND_LINE

user = typer.Typer(no_args_is_help=True, help="Accounts.")
token = typer.Typer(no_args_is_help=True, help="Tokens for scripts.")
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _find(session: Session, name: str) -> User:
    found = users.find_by_name(session, name)
    if found is None:
        refuse(f"There is no user {name}.")
    return found


@user.command("add")
def user_add(
    name: str, role: Annotated[str, typer.Option()], password_stdin: PasswordStdin = False,
    database: Database = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Make an account; the password is asked for, or read from standard input."""
    password = _password(password_stdin)
    with unit_of_work(factory_of(database)) as session:
        made = users.create_user(session, COMMAND_LINE, name, password, role)
    _print_user(made, as_json=as_json)


def _print_user(row: User, *, as_json: bool) -> None:
    """Print which account it was; nothing for people, who named it."""
    if as_json:
        print_json({"id": row.id, "name": row.name, "role": row.role})


@user.command("list")
def user_list(database: Database = None, as_json: AsJson = False) -> None:
    """List accounts."""
    with unit_of_work(factory_of(database), writing=False) as session:
        rows = [
            {"id": u.id, "name": u.name, "role": u.role, "disabled": u.disabled, "created_at": u.created_at}
            for u in session.scalars(select(User).order_by(User.name))
        ]
    print_rows(rows, ("id", "name", "role", "disabled", "created_at"), as_json=as_json)


@user.command("passwd")
def user_passwd(
    name: str, password_stdin: PasswordStdin = False, database: Database = None, as_json: AsJson = False
) -> None:
    """Change a password; the user's browsers are signed out."""
    password = _password(password_stdin)
    with unit_of_work(factory_of(database)) as session:
        row = _find(session, name)
        users.set_password(session, COMMAND_LINE, row, password)
    _print_user(row, as_json=as_json)


@user.command("role")
def user_role(name: str, role: str, database: Database = None, as_json: AsJson = False) -> None:
    """Change a role: viewer, operator or admin."""
    with unit_of_work(factory_of(database)) as session:
        row = users.update_user(session, COMMAND_LINE, _find(session, name), {"role": role})
    _print_user(row, as_json=as_json)


@user.command("remove")
def user_remove(name: str, database: Database = None, as_json: AsJson = False) -> None:
    """Remove an account with its tokens; what it did stays in the audit."""
    with unit_of_work(factory_of(database)) as session:
        row = _find(session, name)
        users.delete_user(session, COMMAND_LINE, row)
    _print_user(row, as_json=as_json)


@token.command("create")
def token_create(
    user: Annotated[str, typer.Option()], name: Annotated[str, typer.Option()],
    expires: Annotated[datetime | None, typer.Option(help="UTC unless it says otherwise.")] = None,
    database: Database = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Print a new token, alone, on standard output."""
    moment = expires.replace(tzinfo=UTC) if expires is not None and expires.tzinfo is None else expires
    if moment is not None and moment <= utc_now():
        refuse(f"{moment.isoformat()} is in the past: the token could never be used.")
    with unit_of_work(factory_of(database)) as session:
        row, secret = tokens.create_token(session, COMMAND_LINE, _find(session, user), name, moment)
    if as_json:
        print_json({"id": row.id, "name": row.name, "expires_at": row.expires_at, "token": secret})
    else:
        typer.echo(secret)


@token.command("list")
def token_list(
    user: Annotated[str | None, typer.Option()] = None, database: Database = None, as_json: AsJson = False
) -> None:
    """List tokens, without their secrets."""
    with unit_of_work(factory_of(database), writing=False) as session:
        query = select(Token).order_by(Token.id)
        query = query if user is None else query.where(Token.user_id == _find(session, user).id)
        rows = [
            {"id": t.id, "user": t.user.name, "name": t.name, "created_at": t.created_at,
             "expires_at": t.expires_at, "last_used_at": t.last_used_at}
            for t in session.scalars(query)
        ]  # fmt: skip
    print_rows(rows, ("id", "user", "name", "created_at", "expires_at", "last_used_at"), as_json=as_json)


@token.command("revoke")
def token_revoke(token_id: int, database: Database = None, as_json: AsJson = False) -> None:
    """Revoke a token at once."""
    with unit_of_work(factory_of(database)) as session:
        tokens.delete_token(session, COMMAND_LINE, token_id)
    if as_json:
        print_json({"id": token_id, "revoked": True})
