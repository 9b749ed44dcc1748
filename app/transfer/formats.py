"""Which formats can be read, and how is a file turned into rows?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from app.transfer import csv_tables, dnsmasq, isc_dhcpd, kea, lease_files, leaseboard_json
from app.transfer.document import Document, Row

Parser = Callable[[str, str | None], Document]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its name in the API, what people call it, its parser."""

    name: str
    title: str
    parse: Parser


FORMATS: Final = {
    made.name: made
    for made in (
        Format("csv", "CSV, one table", csv_tables.parse),
        Format("json", "JSON of Leaseboard, everything", leaseboard_json.parse),
        Format("kea", "Kea DHCPv4 configuration (JSON)", kea.parse),
        Format("kea-leases", "Kea lease file (memfile CSV)", lease_files.parse_kea),
        Format("isc-dhcpd", "ISC dhcpd.conf", isc_dhcpd.parse),
        Format("isc-leases", "ISC dhcpd.leases", lease_files.parse_isc),
        Format("dnsmasq", "dnsmasq.conf", dnsmasq.parse),
        Format("dnsmasq-leases", "dnsmasq.leases", lease_files.parse_dnsmasq),
    )
}


def read(format_name: str, source: bytes, table: str | None) -> Document:
    """Return what the source says; total: any octets give a Document."""
    try:
        text, bad = source.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        text, bad = source.decode("cp1252", "replace"), True
    document = FORMATS[format_name].parse(text.replace("\r\n", "\n"), table)
    if bad:
        document.error(1, 1, "The file is not UTF-8; it was read as Windows-1252.")
    kept = [row for row in document.rows if _is_storable(row, document)]
    return replace(document, rows=kept)


def _is_storable(row: Row, document: Document) -> bool:
    """Refuse texts that no database takes: NUL and halves of surrogate pairs."""
    if _clean(row.values):
        return True
    document.error(row.line, 1, "A text holds a NUL or another character that cannot be stored.")
    return False


def _clean(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return all(_clean(name) and _clean(member) for name, member in value.items())
    return all(map(_clean, value)) if isinstance(value, list) else True


def guess(name: str, source: bytes) -> str | None:
    """Return the format that a file seems to have, by its name and first octets; None = say it yourself."""
    head, lower = source[:4096].decode("utf-8", "replace"), name.lower()
    if head.startswith("address,hwaddr,client_id"):
        return "kea-leases"
    if '"Dhcp4"' in source[:200_000].decode("utf-8", "replace"):
        return "kea"
    if '"format"' in head and '"leaseboard"' in head:
        return "json"
    if lower.endswith(".leases") or "leases" in lower:
        return "isc-leases" if "lease " in head and "{" in head else "dnsmasq-leases"
    if "dhcp-range=" in head or "dnsmasq" in lower:
        return "dnsmasq"
    if ("subnet " in head and "netmask" in head) or lower == "dhcpd.conf":
        return "isc-dhcpd"
    return "csv" if lower.endswith((".csv", ".tsv", ".txt")) else None
