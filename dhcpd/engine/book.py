"""How are a million leases kept in memory?"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, MutableMapping
from marshal import dumps, loads
from typing import Any, Final

from dhcpd.engine.leases import Lease

HOT: Final = 20_000
"""Leases kept as objects because they were used last; the others are octet strings: 150 octets instead of 600."""


class Leases(MutableMapping[int, Lease]):
    """The leases by address. What is used seldom is packed (0.5 us), and unpacked (0.9 us) when it is asked for."""

    __slots__ = ("_hot", "_packed")

    def __init__(self) -> None:
        self._hot: OrderedDict[int, Lease] = OrderedDict()  # of a dict the first key is found slowly: 6 us
        self._packed: dict[int, bytes] = {}

    def get(self, ip: int, default: Any = None) -> Any:
        """Return the lease of the address, else the default."""
        found = self._hot.get(ip)
        if found is not None:
            return found
        packed = self._packed.pop(ip, None)
        if packed is None:
            return default
        lease = Lease._make(loads(packed))
        self[ip] = lease
        return lease

    def __getitem__(self, ip: int) -> Lease:
        """Return the lease of the address; raises KeyError."""
        found = self.get(ip)
        if found is None:
            raise KeyError(ip)
        return found  # type: ignore[no-any-return]  # Mapping's own signature of get

    def __setitem__(self, ip: int, lease: Lease) -> None:
        """Keep the lease; the one that was touched least recently of the hot ones is packed for it."""
        hot = self._hot
        if ip not in hot:
            self._packed.pop(ip, None)
            if len(hot) >= HOT:
                coldest, other = hot.popitem(last=False)
                self._packed[coldest] = dumps(tuple(other))
        hot[ip] = lease

    def stow(self, lease: Lease) -> None:
        """Keep the lease of an address that has none yet, packed: nobody has used it lately."""
        row: Any = lease  # its own integer is the key: compiled, `lease.ip` would be another object of 32 octets
        self._packed[row[0]] = dumps(tuple(lease))

    def __delitem__(self, ip: int) -> None:
        """Forget the address; raises KeyError."""
        if self._hot.pop(ip, None) is None:
            del self._packed[ip]

    def __contains__(self, ip: object) -> bool:
        """Tell whether the address ever had a lease."""
        return ip in self._hot or ip in self._packed

    def __len__(self) -> int:
        """Return how many addresses have one."""
        return len(self._hot) + len(self._packed)

    def __iter__(self) -> Iterator[int]:
        """Yield the addresses, in no order; none may be read or written meanwhile."""
        yield from self._packed
        yield from self._hot

    def unpacked(self, ips: Iterable[int] | None = None) -> Iterator[Lease]:
        """Yield every lease, or those of the addresses; none becomes hot, none may be read or written meanwhile.

        Raises KeyError for an address that never had one.
        """
        if ips is not None:
            for ip in ips:
                yield self._hot.get(ip) or Lease._make(loads(self._packed[ip]))
            return
        for packed in self._packed.values():
            yield Lease._make(loads(packed))
        yield from self._hot.values()
