"""The `leaseboard` command."""

import os
import sys
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, OperationalError

from app.database import SessionFactory, make_engine, make_session_factory, unit_of_work
from app.main import create_app
from app.migrate import upgrade
from app.models import User
from app.services import tokens, users
from app.services.actors import COMMAND_LINE
from app.services.errors import DomainError
from app.serving import serve_web
from app.settings import PROJECT, Settings
from app.simulate import run_simulation
from app.supervise import Supervisor, running, wait_for_signal

app = typer.Typer(no_args_is_help=True, help="DHCP and IPAM over one database.", pretty_exceptions_enable=False)
db = typer.Typer(no_args_is_help=True, help="The database.")
user = typer.Typer(no_args_is_help=True, help="Accounts.")
token = typer.Typer(no_args_is_help=True, help="Tokens for scripts.")
app.add_typer(db, name="db")
app.add_typer(user, name="user")
app.add_typer(token, name="token")

Database = Annotated[str | None, typer.Option("--database", metavar="URL")]
Listen = Annotated[str | None, typer.Option("--listen", metavar="HOST:PORT")]
Interfaces = Annotated[list[str] | None, typer.Option("--interface", metavar="IF")]
Port = Annotated[int | None, typer.Option("--dhcp-port", min=1, max=65535)]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, max=64, help="DHCP workers on this host, which share the clients; 1 on SQLite."
    ),
]


def _parse_relay(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except AddressValueError as error:
        raise typer.BadParameter(str(error)) from error


Relay = Annotated[
    IPv4Address | None,
    typer.Option(
        parser=_parse_relay,
        metavar="ADDRESS",
        help="Ask behind this relay (giaddr) instead of the gateway of the first served subnet.",
    ),
]


def _settings(**given: object) -> Settings:
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _check_listen(settings: Settings) -> None:
    try:
        fits = 1 <= settings.host_port[1] <= 65535
    except ValueError:
        fits = False
    if not fits:
        raise typer.BadParameter(f"{settings.listen!r} is not HOST:PORT.", param_hint="--listen")


def _dhcpd_arguments(settings: Settings) -> list[str]:
    arguments = ["--database", settings.database_url, "--dhcp-port", str(settings.dhcp_port)]
    return arguments + [part for name in settings.interface_list for part in ("--interface", name)]


def _supervisors(settings: Settings) -> list[Supervisor]:
    """Return one for each worker; several share the clients by hardware address."""
    number = settings.workers
    if number > 1 and settings.database_url.startswith("sqlite"):
        raise typer.BadParameter("SQLite has one worker; several need PostgreSQL.", param_hint="--workers")
    arguments = _dhcpd_arguments(settings)
    if number == 1:
        return [Supervisor(arguments)]
    return [Supervisor([*arguments, "--shard", f"{k}/{number}"]) for k in range(number)]


@app.command()
def serve(
    database: Database = None,
    listen: Listen = None,
    interface: Interfaces = None,
    dhcp_port: Port = None,
    workers: Workers = None,
) -> None:
    """Run the web server and, supervised, the DHCP workers."""
    named = ",".join(interface) if interface else None
    settings = _settings(
        database_url=database, listen=listen, interfaces=named, dhcp_port=dhcp_port, workers=workers
    )
    _check_listen(settings)
    supervisors = _supervisors(settings)
    upgrade(make_engine(settings.database_url))
    with running(supervisors):
        _serve_web(settings)


@app.command()
def web(database: Database = None, listen: Listen = None) -> None:
    """Run the web server alone."""
    settings = _settings(database_url=database, listen=listen)
    _check_listen(settings)
    upgrade(make_engine(settings.database_url))
    _serve_web(settings)


def _serve_web(settings: Settings) -> None:
    host, port = settings.host_port
    print(f"Leaseboard is at http://{host}:{port}/", flush=True)
    serve_web(create_app(settings), host, port)


@app.command()
def dhcpd(
    database: Database = None, interface: Interfaces = None, dhcp_port: Port = None, workers: Workers = None
) -> None:
    """Run the DHCP workers alone."""
    named = ",".join(interface) if interface else None
    settings = _settings(database_url=database, interfaces=named, dhcp_port=dhcp_port, workers=workers)
    supervisors = _supervisors(settings)
    if len(supervisors) > 1:
        with running(supervisors):
            wait_for_signal()
        return
    os.execv(sys.executable, [sys.executable, "-m", "dhcpd", *_dhcpd_arguments(settings)])


@app.command()
def simulate(
    clients: Annotated[int, typer.Option(min=1, max=1_000_000)] = 100,
    rate: Annotated[float, typer.Option(min=0.1, max=100_000)] = 50.0,
    database: Database = None,
    dhcp_port: Port = None,
    relay_address: Relay = None,
) -> None:
    """Let simulated clients behind a simulated relay ask for addresses, over UDP on loopback."""
    settings = _settings(database_url=database, dhcp_port=dhcp_port)
    upgrade(make_engine(settings.database_url))
    raise typer.Exit(run_simulation(settings, clients=clients, rate=rate, relay=relay_address))


@db.command("upgrade")
def db_upgrade(database: Database = None) -> None:
    """Bring the tables up to date."""
    upgrade(make_engine(_settings(database_url=database).database_url))


@user.command("add")
def user_add(
    name: str,
    role: Annotated[str, typer.Option()],
    password_stdin: Annotated[bool, typer.Option("--password-stdin")] = False,
    database: Database = None,
) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Password", hide_input=True)
    with unit_of_work(_factory(database)) as session:
        users.create_user(session, COMMAND_LINE, name, password, role)


@token.command("create")
def token_create(
    user: Annotated[str, typer.Option()],
    name: Annotated[str, typer.Option()],
    expires: Annotated[datetime | None, typer.Option()] = None,
    database: Database = None,
) -> None:
    """Print a new token, alone, on standard output."""
    with unit_of_work(_factory(database)) as session:
        owner = session.query(User).filter(User.name == user).one_or_none()
        if owner is None:
            typer.echo(f"There is no user {user}.", err=True)
            raise typer.Exit(1)
        _, secret = tokens.create_token(session, COMMAND_LINE, owner, name, expires)
    typer.echo(secret)


def _factory(database: str | None) -> SessionFactory:
    engine = make_engine(_settings(database_url=database).database_url)
    upgrade(engine)
    return make_session_factory(engine)


def main() -> None:
    """Run the command; a refused wish ends with its sentence and exit code 1."""
    os.environ.setdefault("PYTHONPATH", str(PROJECT))
    try:
        app()
    except DomainError as error:
        _refuse(str(error))
    except ValidationError as error:
        _refuse("\n".join(f"LEASEBOARD_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()))
    except ArgumentError as error:
        _refuse(f"The database URL cannot be used: {error}")
    except OperationalError as error:
        _refuse(f"The database cannot be used: {error.orig}")


def _refuse(sentence: str) -> None:
    typer.echo(sentence, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
