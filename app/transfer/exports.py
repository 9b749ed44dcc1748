"""How does the plan leave, in which format?"""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Lease
from app.schemas.leases import LeaseOut, lease_out
from app.services.errors import Invalid, Problem
from app.transfer.export_dnsmasq import render_dnsmasq
from app.transfer.export_kea import render_kea
from app.transfer.export_text import Rendered, Values, render_csv, render_json
from app.transfer.tables import TABLES

FORMATS: Final = {
    "csv": ("CSV, one table", "text/csv; charset=utf-8", "csv"),
    "json": ("JSON of Leaseboard, everything", "application/json", "json"),
    "kea": ("Kea DHCPv4 configuration (JSON)", "application/json", "conf"),
    "dnsmasq": ("dnsmasq.conf", "text/plain; charset=utf-8", "conf"),
}
"""Title, media type and the file name's ending of each format."""
CSV_TABLES: Final = (*TABLES, "leases")
_FIRST: Final = ("cidr", "subnet", "ip", "name")


def export(session: Session, format_name: str, table: str | None = None) -> Rendered:
    """Return the file and what it cannot say; raises Invalid without a table where one is needed."""
    if format_name == "csv":
        if table not in CSV_TABLES:
            raise Invalid(Problem("table", "required", f"Name a table: {', '.join(CSV_TABLES)}."))
        return render_csv(_rows(session, table), columns(table))
    if format_name == "json":
        return render_json({kind.name: kind.rows(session) for kind in TABLES.values()})
    plan: dict[str, list[Values]] = {kind.name: list(kind.rows(session)) for kind in TABLES.values()}
    return render_kea(plan) if format_name == "kea" else render_dnsmasq(plan)


def _rows(session: Session, table: str) -> Iterable[dict[str, Any]]:
    if table != "leases":
        return TABLES[table].rows(session)
    leases = session.scalars(select(Lease).order_by(Lease.ip).execution_options(yield_per=1000))
    return (lease_out(row).model_dump(mode="json") for row in leases)


def columns(table: str) -> list[str]:
    """Return the columns of a CSV: what names the row first."""
    if table == "leases":
        return list(LeaseOut.model_fields)
    fields = [name for name in TABLES[table].shape.model_fields if name != "subnet_id"]
    named = {"pools": ["subnet"], "reservations": ["subnet"], "addresses": ["ip"], "shared_networks": ["name"]}
    names = [*named.get(table, []), *fields]
    return sorted(dict.fromkeys(names), key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def file_name(format_name: str, table: str | None) -> str:
    """Return what the file is called."""
    stem = {"csv": table or "table", "json": "leaseboard", "kea": "kea-dhcp4", "dnsmasq": "dnsmasq"}[format_name]
    return f"{stem}.{FORMATS[format_name][2]}"
