"""What will a client receive, and why? The real engine decides, over the configuration and the leases of now."""

import time
from ipaddress import IPv4Address
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models import Lease, Worker
from app.schemas.explain import ExplainOut, ExplainQuery, SentOption, StepOut
from app.schemas.fields import canonical_identifier
from app.services.errors import NotFound, Problem
from app.services.links import on_links
from dhcpd.adapters.interfaces import Interface
from dhcpd.adapters.loader import compile_snapshot
from dhcpd.adapters.store import LEASE_COLUMNS, lease_of
from dhcpd.engine.classify import Ingress
from dhcpd.engine.decide import Decision, decide
from dhcpd.engine.probing import on_silence
from dhcpd.engine.reasons import explain as sentence_of
from dhcpd.engine.snapshot import Snapshot, Subnet
from dhcpd.engine.table import Table
from dhcpd.engine.trace import Trace
from dhcpd.protocol.addresses import format_ipv4, parse_ipv4, parse_mac
from dhcpd.protocol.constants import (
    CLIENT_ARCH,
    CLIENT_ID,
    HOST_NAME,
    LEASE_TIME,
    MESSAGE_TYPE,
    PARAMETER_REQUEST_LIST,
    RELAY_INFO,
    REQUESTED_ADDRESS,
    USER_CLASS,
    VENDOR_CLASS,
    MessageType,
)
from dhcpd.protocol.errors import DecodeError, OptionValueError
from dhcpd.protocol.options import decode_value, find
from dhcpd.protocol.packet import Packet, decode
from dhcpd.protocol.relay import RELAY_KINDS, encode_relay_info

MAX_LEASES: Final = 16_384
"""Leases of a link read for one question (0.4 s of CPU); of a link with more, only what concerns the client."""
INTERFACE: Final = "explained"
MESSAGES: Final = {
    "discover": MessageType.DISCOVER, "request": MessageType.REQUEST, "inform": MessageType.INFORM,
}  # fmt: skip


def explain(session: Session, query: ExplainQuery) -> ExplainOut:
    """Return what the packet would be answered; raises NotFound when the subnet is not served."""
    relay = IPv4Address(query.relay) if query.relay else None
    near = [IPv4Address(query.ciaddr)] if query.ciaddr else []
    concerned = on_links(session, query.subnet_id, relay, near)
    snapshot = compile_snapshot(session, [Interface(INTERFACE, 0, b"", ())], concerned)
    now, packet, trace = int(time.time()), _packet(query), Trace()
    link = _link(snapshot, query)
    table = Table()
    exact = _load(session, table, snapshot, link, packet)
    table.use(snapshot)
    server = _server_address(session, snapshot.links.get(link, ()) if link is not None else ())
    source = packet.giaddr or packet.ciaddr
    ingress = Ingress(INTERFACE, server, source, 67 if packet.giaddr else 68, frozenset({server}))
    decision = decide(packet, ingress, snapshot, table, now=now, trace=trace)
    if decision.probe is not None:
        way = "a ping" if decision.probe.relayed else "ARP"
        trace.say(
            "probe", f"{format_ipv4(decision.probe.ip)} is probed by {way} first; here nobody is taken to answer."
        )
        table.apply(decision.changes)
        table.apply(on_silence(decision.probe.ip, table, now=now))
        decision = decide(packet, ingress, snapshot, table, now=now)
    told = _shown(decision, trace, exact)
    if not exact and told.ip is not None and not _is_promised(parse_ipv4(told.ip), snapshot, table):
        told.ip = None
        text = f"There are more than {MAX_LEASES} leases here: which new address is next was not worked out."
        told.trace.append(StepOut(topic="address", text=text))
    return told


def _is_promised(ip: int, snapshot: Snapshot, table: Table) -> bool:
    return ip in table.leases or ip in snapshot.reserved


def _packet(query: ExplainQuery) -> Packet:
    options: dict[int, bytes] = {}
    if query.message != "bootp":
        options[MESSAGE_TYPE] = bytes((MESSAGES[query.message],))
    if query.requested_ip is not None:
        options[REQUESTED_ADDRESS] = parse_ipv4(query.requested_ip).to_bytes(4, "big")
    if query.client_id is not None:
        options[CLIENT_ID] = bytes.fromhex(canonical_identifier("client_id", query.client_id))
    for code, text in (
        (HOST_NAME, query.hostname),
        (VENDOR_CLASS, query.vendor_class),
        (USER_CLASS, query.user_class),
    ):
        if text is not None:
            options[code] = text.encode()
    if query.architecture is not None:
        options[CLIENT_ARCH] = query.architecture.to_bytes(2, "big")
    wanted = bytes(int(code) for code in query.wanted.split(",") if code.strip())
    if wanted:
        options[PARAMETER_REQUEST_LIST] = wanted
    said = {code: getattr(query, kind) for kind, code in RELAY_KINDS}
    kinds = {code: kind for kind, code in RELAY_KINDS}
    suboptions = {c: bytes.fromhex(canonical_identifier(kinds[c], text)) for c, text in said.items() if text}
    if suboptions:
        options[RELAY_INFO] = encode_relay_info(suboptions)
    giaddr = parse_ipv4(query.relay) if query.relay else 0
    ciaddr = parse_ipv4(query.ciaddr) if query.ciaddr else 0
    return Packet(secs=query.secs, ciaddr=ciaddr, giaddr=giaddr, chaddr=parse_mac(query.mac), options=options)


def _link(snapshot: Snapshot, query: ExplainQuery) -> int | None:
    """Return the link, and put the made-up interface on it."""
    if query.relay is not None:
        giaddr = parse_ipv4(query.relay)
        subnet = snapshot.subnet_of(giaddr)
        return snapshot.relays.get(giaddr, subnet.link if subnet else None)
    subnet = next((s for s in snapshot.subnets if s.id == query.subnet_id), None)
    if subnet is None:
        detail = f"There is no subnet {query.subnet_id} that DHCP serves."
        raise NotFound(Problem("subnet_id", "not_found", detail))
    snapshot.interfaces[INTERFACE] = subnet.link
    return subnet.link


def _load(session: Session, table: Table, snapshot: Snapshot, link: int | None, packet: Packet) -> bool:
    """Fill the table with the link's leases; False = only with those that concern the client."""
    subnets = snapshot.links.get(link, ()) if link is not None else ()
    if not subnets:
        return True
    inside = or_(*(Lease.ip.between(IPv4Address(s.first), IPv4Address(s.last)) for s in subnets))
    some = select(Lease.ip).where(inside).limit(MAX_LEASES + 1).subquery()
    count = session.scalar(select(func.count()).select_from(some))
    exact = (count or 0) <= MAX_LEASES
    rows = select(*LEASE_COLUMNS).where(inside)
    if not exact:
        wanted = [packet.ciaddr, int.from_bytes(packet.options.get(REQUESTED_ADDRESS, b""), "big")]
        own = [Lease.mac == packet.chaddr, Lease.ip.in_([IPv4Address(ip) for ip in wanted if ip])]
        rows = rows.where(or_(*own))
    table.load([lease_of(row) for row in session.execute(rows)])
    return exact


def _server_address(session: Session, subnets: tuple[Subnet, ...]) -> int:
    """Return a live worker's address on the link, else any of its; a stand-in when no worker ever told one."""
    told = [
        parse_ipv4(address)
        for counters in session.scalars(select(Worker.counters).order_by(Worker.last_seen.desc()))
        for address in counters.get("addresses", ())
    ]
    near = [ip for ip in told if any(subnet.first <= ip <= subnet.last for subnet in subnets)]
    return next(iter([*near, *told]), 0x7F000001)


def _shown(decision: Decision, trace: Trace, exact: bool) -> ExplainOut:
    trace.say("outcome", sentence_of(decision.reason))
    reply = decode(decision.reply) if decision.reply is not None else None
    kind = reply.message_type if reply is not None else None
    lease_time = reply.options.get(LEASE_TIME) if reply is not None else None
    to = decision.destination
    return ExplainOut(
        outcome=str(decision.reason),
        sentence=sentence_of(decision.reason),
        message=None if reply is None else MessageType(kind).name.lower() if kind is not None else "bootreply",
        ip=format_ipv4(reply.yiaddr) if reply is not None and reply.yiaddr else None,
        exact=exact,
        lease_time=int.from_bytes(lease_time, "big") if lease_time else None,
        to=None if to is None else f"{format_ipv4(to.ip)}:{to.port}",
        next_server=format_ipv4(reply.siaddr) if reply is not None and reply.siaddr else None,
        server_name=reply.sname.decode("utf-8", "replace") if reply is not None else "",
        boot_file=reply.file.decode("utf-8", "replace") if reply is not None else "",
        options=[_option(code, value) for code, value in reply.options.items()] if reply is not None else [],
        reply=decision.reply.hex() if decision.reply is not None else None,
        trace=[StepOut(topic=step.topic, text=step.text) for step in trace.steps],
    )


def _option(code: int, data: bytes) -> SentOption:
    definition = find(code)
    try:
        value = decode_value(definition, data) if definition is not None else None
    except (DecodeError, OptionValueError, ValueError):
        value = None
    name = definition.name if definition is not None else str(code)
    return SentOption(code=code, name=name, value=value, hex=data.hex())
