"""How do the lease files of ISC dhcpd, Kea and dnsmasq become leases to take over?"""

import csv
import io
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any, Final

from app.transfer.document import Document
from app.transfer.isc_syntax import Statement, read_statements
from dhcpd.protocol.addresses import parse_mac

_ISC_STATES: Final = {"active": "active", "abandoned": "declined"}
_ISC_QUIET: Final = {"authoring-byte-order", "server-duid"}
_LATEST: Final = 1 << 40
KEA_HEADING: Final = ("address", "hwaddr", "client_id", "valid_lifetime", "expire", "subnet_id", "fqdn_fwd",
                      "fqdn_rev", "hostname", "state")  # fmt: skip
_KEA_STATES: Final = {"0": "active", "1": "declined"}


def lease(
    ip: str,
    mac: bytes,
    client_id: bytes,
    *,
    expires: int | None,
    started: int | None = None,
    state: str = "active",
    hostname: str = "",
    **more: str,
) -> dict[str, Any]:
    """Return the values of a lease row; moments are seconds UTC, expires None = infinite. Raises ValueError."""
    if expires is not None and not 0 <= expires < _LATEST:
        raise ValueError(f"{expires} is no moment.")
    if not mac and not client_id and state == "active":
        raise ValueError("The lease has neither a hardware address nor a client identifier.")
    return {
        "ip": str(IPv4Address(ip)),
        "state": state,
        "mac": mac.hex(":"),
        "client_id": client_id.hex(),
        "hostname": hostname.replace("\0", ""),
        "started_at": started,
        "expires_at": expires,
        **{name: value.replace("\0", "") for name, value in more.items()},
    }


# --- ISC dhcpd.leases(5) ---


def parse_isc(text: str, table: str | None = None) -> Document:
    """Return the leases; the last entry of an address holds, and only those that bind are taken."""
    document = Document()
    found: dict[str, tuple[int, dict[str, Any] | None]] = {}
    for statement in read_statements(text, document):
        if statement.named in _ISC_QUIET:
            continue
        if statement.named != "lease" or statement.block is None or len(statement.words) != 2:
            words = " ".join(word.text for word in statement.words)[:60]
            document.lost(statement.line, statement.column, f"{words!r} is no DHCPv4 lease.")
            continue
        try:
            found[statement.words[1].text] = (statement.line, _isc_lease(statement))
        except ValueError as error:
            document.error(statement.line, statement.column, str(error))
    for line, values in found.values():
        if values is not None:
            document.add("leases", line, values)
    return document


def _isc_lease(statement: Statement) -> dict[str, Any] | None:
    parts = {part.named: part for part in statement.block or []}
    binding = parts.get("binding")
    state = binding.words[-1].text if binding else "active"
    if state not in _ISC_STATES:
        return None
    hardware = parts["hardware"].words[-1].text if "hardware" in parts else ""
    uid, host = parts.get("uid"), parts.get("client-hostname")
    vendor = next((part.words[-1].text for part in statement.block or []
                   if part.named == "set" and part.words[1].text == "vendor-class-identifier"
                   and len(part.words) > 2), "")  # fmt: skip
    return lease(
        statement.words[1].text,
        parse_mac(hardware) if hardware else b"",
        (uid.words[-1].data or b"") if uid else b"",
        state=_ISC_STATES[state],
        expires=_isc_moment(parts.get("ends")),
        started=_isc_moment(parts.get("starts")),
        hostname=host.words[-1].text if host and len(host.words) > 1 else "",
        vendor_class=vendor,
    )


def _isc_moment(part: Statement | None) -> int | None:
    """Return seconds UTC of `W YYYY/MM/DD HH:MM:SS`, `epoch N` or `never`."""
    texts = part.texts() if part else ["never"]
    if texts == ["never"]:
        return None
    if len(texts) == 2 and texts[0] == "epoch" and texts[1].isdecimal():
        return int(texts[1][:20])
    if len(texts) != 3:
        raise ValueError(f"{' '.join(texts)[:40]!r} is no moment.")
    return int(datetime.strptime(" ".join(texts[1:]), "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


# --- Kea's memfile ---


def parse_kea(text: str, table: str | None = None) -> Document:
    """Return the leases of a lease file; the last line of an address holds."""
    document = Document()
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple((reader.fieldnames or ())[:10]) != KEA_HEADING:
        document.error(1, 1, "This is no DHCPv4 lease file of Kea: the first line names other columns.")
        return document
    found: dict[str, tuple[int, dict[str, Any] | None]] = {}
    while True:
        try:
            row = next(reader, None)
            if row is None:
                break
            found[row["address"]] = (reader.line_num, _kea_lease(row))
        except (ValueError, csv.Error) as error:
            document.error(reader.line_num, 1, f"{error}")
    for line, values in found.values():
        if values is not None:
            document.add("leases", line, values)
    return document


def _kea_lease(row: dict[str, str | None]) -> dict[str, Any] | None:
    cell = {name: (value or "").replace("&#x2c", ",") for name, value in row.items() if isinstance(name, str)}
    state = _KEA_STATES.get(cell["state"])
    life = int(cell["valid_lifetime"] or 0)
    expires = int(cell["expire"] or 0)
    if state is None or life == 0:  # reclaimed, or a line that deletes the lease
        return None
    infinite = life == 0xFFFFFFFF
    return lease(
        cell["address"],
        parse_mac(cell["hwaddr"]) if cell["hwaddr"] else b"",
        bytes.fromhex(cell["client_id"].replace(":", "")),
        state=state,
        expires=None if infinite else expires,
        started=None if infinite else max(0, expires - life),
        hostname=cell["hostname"].removesuffix("."),
    )


# --- dnsmasq.leases ---


def parse_dnsmasq(text: str, table: str | None = None) -> Document:
    """Return the leases: `expiry mac address name client-id` on each line; 0 = never ends, * = unknown."""
    document = Document()
    for line, content in enumerate(text.split("\n"), start=1):
        words = content.split()
        if not words:
            continue
        if words[0] == "duid":
            document.lost(line, 1, "What follows are DHCPv6 leases, which are not served yet.")
            break
        try:
            document.add("leases", line, _dnsmasq_lease(words))
        except ValueError as error:
            document.error(line, 1, str(error))
    return document


def _dnsmasq_lease(words: list[str]) -> dict[str, Any]:
    if len(words) != 5 or not words[0].isdecimal() or len(words[0]) > 15:
        raise ValueError("A line has five parts: expiry, MAC, address, name and client identifier.")
    expiry, hardware, address, name, client = words
    _, _, octets = hardware.rpartition("-") if hardware.count("-") == 1 else ("", "", hardware)
    return lease(
        address,
        parse_mac(octets),
        b"" if client == "*" else bytes.fromhex(client.replace(":", "")),
        expires=int(expiry) or None,
        hostname="" if name == "*" else name,
    )
