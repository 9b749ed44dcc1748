"""Does a client, or a whole interface, send more than it may?"""

from typing import Final

from dhcpd.engine.reasons import Reason
from dhcpd.engine.snapshot import Snapshot
from dhcpd.protocol.constants import CLIENT_ID
from dhcpd.protocol.packet import Packet

WINDOW_S: Final = 4
"""Messages are counted over this long: a burst of WINDOW_S times the rate passes, as at a switch's restart."""
MAX_CLIENTS: Final = 100_000
"""Clients counted in one window; with more of them counting begins anew."""


class Limiter:
    """Counts messages in windows of WINDOW_S. Rates are messages a second, 0 = no limit."""

    __slots__ = ("_client_limit", "_clients", "_ends", "_interface_limit", "_interfaces", "relayed")

    def __init__(self, client_rate: int, interface_rate: int, *, relayed: bool) -> None:
        self._client_limit = client_rate * WINDOW_S
        self._interface_limit = interface_rate * WINDOW_S
        self.relayed = relayed
        self._ends = 0.0
        self._clients: dict[bytes, int] = {}
        self._interfaces: dict[str, int] = {}

    def refuses(self, packet: Packet, interface: str, moment: float) -> Reason | None:
        """Count a message; return why it is dropped. `moment` in monotonic seconds."""
        if packet.giaddr and not self.relayed:
            return None
        if moment >= self._ends or len(self._clients) >= MAX_CLIENTS:
            self._ends = moment + WINDOW_S
            self._clients.clear()
            self._interfaces.clear()
        if self._client_limit:
            client = packet.chaddr or packet.options.get(CLIENT_ID, b"")
            count = self._clients[client] = self._clients.get(client, 0) + 1
            if count > self._client_limit:
                return Reason.DROP_CLIENT_RATE
        if self._interface_limit:
            count = self._interfaces[interface] = self._interfaces.get(interface, 0) + 1
            if count > self._interface_limit:
                return Reason.DROP_INTERFACE_RATE
        return None


def limiter_of(snapshot: Snapshot) -> Limiter | None:
    """Return what counts the messages, None when nothing is limited."""
    if not snapshot.client_rate_limit and not snapshot.interface_rate_limit:
        return None
    return Limiter(snapshot.client_rate_limit, snapshot.interface_rate_limit, relayed=snapshot.limit_relayed)
