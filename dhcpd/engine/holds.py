"""Which addresses are offered, to whom, until when? RFC 2131 §4.3.1: others SHOULD NOT be given them meanwhile."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Final

from dhcpd.engine.leases import Hold

TOLD: Final = 256
"""A worker's report names at most so many offers; an offer is soon a lease or gone."""


class Holds:
    """One offer for an address and one for a client of a link, never more: each is found from the other."""

    __slots__ = ("_of_address", "_of_client", "_order")

    def __init__(self) -> None:
        self._of_address: dict[int, Hold] = {}
        self._of_client: dict[tuple[int, bytes], int] = {}
        self._order: deque[Hold] = deque()

    def __contains__(self, ip: int) -> bool:
        """Tell whether the address is offered, or was and nobody has looked since it ran out."""
        return ip in self._of_address

    def on(self, ip: int, now: int) -> Hold | None:
        """Return the offer that holds the address."""
        hold = self._of_address.get(ip)
        return hold if hold is not None and hold.expires_at > now else None

    def held_for(self, link: int, client_key: bytes, now: int) -> int | None:
        """Return the address offered to the client and still held."""
        ip = self._of_client.get((link, client_key))
        if ip is None or self._of_address[ip].expires_at <= now:
            return None
        return ip

    def address_of(self, link: int, client_key: bytes) -> int | None:
        """Return the address offered to the client, even when the offer has run out."""
        return self._of_client.get((link, client_key))

    def add(self, hold: Hold) -> None:
        """Take in an offer; one of the same address to another client, which had run out, is forgotten.

        The client's offer of another address is dropped before this.
        """
        before = self._of_address.get(hold.ip)
        if before is not None:
            self._of_client.pop((before.link, before.client_key), None)
        self._of_address[hold.ip] = hold
        self._of_client[hold.link, hold.client_key] = hold.ip
        self._order.append(hold)

    def drop(self, link: int, client_key: bytes) -> int | None:
        """Forget the client's offer; return its address."""
        ip = self._of_client.pop((link, client_key), None)
        if ip is not None:
            del self._of_address[ip]
        return ip

    def ended(self, now: int) -> Iterator[Hold]:
        """Yield the offers whose time is over, once; they are to be dropped."""
        while self._order and self._order[0].expires_at <= now:
            hold = self._order.popleft()
            if self._of_address.get(hold.ip) is hold:
                yield hold

    def next_end(self) -> int | None:
        """Return when `ended` next has work."""
        return self._order[0].expires_at if self._order else None

    def newest(self, now: int) -> list[tuple[int, int]]:
        """Return the newest offers that are held: (address, when the hold ends), at most TOLD."""
        newest = islice(reversed(self._order), TOLD)
        return [(h.ip, h.expires_at) for h in newest if h.expires_at > now and self._of_address.get(h.ip) is h]

    def postpone(self, seconds: int) -> None:
        """Hold every offer for longer."""
        self._order = deque(hold._replace(expires_at=hold.expires_at + seconds) for hold in self._order)
        self._of_address = {hold.ip: hold for hold in self._order if hold.ip in self._of_address}
