"""Commands that run the servers, and clients to try them with."""

import gc
import os
import sys
from ipaddress import AddressValueError, IPv4Address
from typing import Annotated

import typer

from app.cli.context import AsJson, Bar, Database, print_json, progress_bar, refuse, settings_of
from app.database import make_engine
from app.migrate import revision_of, upgrade
from app.settings import Settings
from app.simulate import Simulation, find_relay
from app.supervise import Supervisor, running, wait_for_signal

app = typer.Typer()
db = typer.Typer(no_args_is_help=True, help="The database.")

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
    settings = settings_of(
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
    settings = settings_of(database_url=database, listen=listen)
    _check_listen(settings)
    upgrade(make_engine(settings.database_url))
    _serve_web(settings)


def _serve_web(settings: Settings) -> None:
    gc.disable()  # until all is loaded, and stays: a tenth of the CPU of a start
    # Every page and route: two thirds of what `leaseboard token create` would load without need of it.
    from app.main import create_app
    from app.serving import serve_web

    host, port = settings.host_port
    print(f"Leaseboard is at http://{host}:{port}/", flush=True)
    serve_web(create_app(settings), host, port)


@app.command()
def dhcpd(
    database: Database = None, interface: Interfaces = None, dhcp_port: Port = None, workers: Workers = None
) -> None:
    """Run the DHCP workers alone."""
    named = ",".join(interface) if interface else None
    settings = settings_of(database_url=database, interfaces=named, dhcp_port=dhcp_port, workers=workers)
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
    as_json: AsJson = False,
) -> None:
    """Let simulated clients behind a simulated relay ask for addresses, over UDP on loopback.

    The relay is the first served subnet's gateway unless one is named. Exit code 0: every client has an address.
    """
    settings = settings_of(database_url=database, dhcp_port=dhcp_port)
    upgrade(make_engine(settings.database_url))
    giaddr = find_relay(settings) if relay_address is None else int(relay_address)
    if giaddr is None:
        refuse("There is no subnet with a pool yet: make one on the page Subnets, then try again.")
    with progress_bar(quiet=as_json) as progress:
        bar = Bar(progress, quiet=as_json)
        outcome = Simulation(giaddr, settings.dhcp_port, clients, rate).run(lambda n: bar("leases", n, clients))
    leased, silent = len(outcome.leases), outcome.silent
    if as_json:
        print_json({"clients": clients, "leases": leased, "refused": outcome.refused, "silent": silent})
    else:
        typer.echo(f"{leased} leases, {outcome.refused} refused, {silent} without an answer")
    if silent == clients:
        refuse(
            f"Nobody answered: does the worker run on port {settings.dhcp_port}, "
            f"and does a subnet with a pool contain {IPv4Address(giaddr)} or list it as a relay?"
        )
    raise typer.Exit(0 if leased == clients else 1)


@db.command("upgrade")
def db_upgrade(database: Database = None, as_json: AsJson = False) -> None:
    """Bring the tables up to date; each step that is done goes to standard error."""
    engine = make_engine(settings_of(database_url=database).database_url)
    before, steps = revision_of(engine), []

    def tell(step: str) -> None:
        steps.append(step)
        if not as_json:
            typer.echo(f"done: {step}", err=True)

    upgrade(engine, told=tell)
    if as_json:
        print_json({"before": before, "revision": revision_of(engine), "steps": steps})
