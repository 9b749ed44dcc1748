"""Which commands are there, and how does an error reach the one who typed?"""

import os

import typer
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, OperationalError

from app.cli import accounts, backups, searching, serving, transfers
from app.cli.context import refuse
from app.services.errors import DomainError
from app.settings import PROJECT

app = typer.Typer(no_args_is_help=True, help="DHCP and IPAM over one database.", pretty_exceptions_enable=False)
for room in (serving, transfers, backups, searching):
    app.registered_commands += room.app.registered_commands
app.add_typer(serving.db, name="db")
app.add_typer(accounts.user, name="user")
app.add_typer(accounts.token, name="token")
app.add_typer(transfers.made, name="imports")


def main() -> None:
    """Run the command; a refused wish ends with its sentence and exit code 1."""
    os.environ.setdefault("PYTHONPATH", str(PROJECT))
    try:
        app()
    except DomainError as error:
        refuse(str(error))
    except ValidationError as error:
        refuse(wrong_settings(error))
    except ArgumentError as error:
        refuse(f"The database URL cannot be used: {error}")
    except OperationalError as error:
        refuse(f"The database cannot be used: {error.orig}")


def wrong_settings(error: ValidationError) -> str:
    """Return a line for each variable of the environment that is wrong."""
    prefix = "LEASEBOARD_OIDC_" if error.title == "OidcSettings" else "LEASEBOARD_"
    lines = []
    for fault in error.errors():
        said = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{prefix}{str(fault['loc'][0]).upper()}: {said}" if fault["loc"] else said)
    return "\n".join(lines)
