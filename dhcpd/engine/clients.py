"""Which address had a client last, by its key or by its hardware address?"""

from collections.abc import Iterable
from typing import Any, cast

from dhcpd.engine.leases import Lease


class Clients:
    """The addresses of clients, by subnet: nothing here depends on the configuration.

    A client whose key is made of its hardware address (htype 1: no identifier, or the address as identifier, as
    nearly all send it) is found by the key alone; only the others need an entry for their hardware address too.
    """

    __slots__ = ("_keys", "_macs")

    def __init__(self) -> None:
        self._keys = _Index()
        self._macs = _Index()

    def add(self, lease: Lease) -> None:
        """Note the client's address in the place of one that it had in the subnet before."""
        key, mac, row = lease.client_key, lease.mac, cast("Any", lease)
        ip = row[0]  # the lease's own integer: compiled, `lease.ip` would be another object of 32 octets
        self._keys.add(lease.subnet_id, key, ip)
        if key[2:] != mac or key[1:2] != b"\1":
            self._macs.add(lease.subnet_id, mac, ip)

    def remove(self, lease: Lease) -> None:
        """Forget that the client has the address; the one that it had before counts again."""
        self._keys.remove(lease.subnet_id, lease.client_key, lease.ip)
        self._macs.remove(lease.subnet_id, lease.mac, lease.ip)

    def knows(self, lease: Lease) -> bool:
        """Tell whether the client of the lease has an address in its subnet."""
        return lease.client_key in self._keys.last.get(lease.subnet_id, ())

    def by_key(self, subnet_id: int, key: bytes) -> Iterable[int]:
        """Return the address of the client with this key: one or none."""
        found = self._keys.last.get(subnet_id)
        ip = found.get(key) if found is not None else None
        return (ip,) if ip is not None else ()

    def by_mac(self, subnet_id: int, mac: bytes) -> Iterable[int]:
        """Return the addresses of clients with this hardware address, whatever identifier they sent."""
        keys = self._keys.last.get(subnet_id)
        if keys is None:
            return ()
        found = (keys.get(b"\0\1" + mac), keys.get(b"\1\1" + mac), self._macs.last.get(subnet_id, {}).get(mac))
        return [ip for ip in found if ip is not None]


class _Index:
    """`last`: subnet -> key -> the address that a client had last. `before`: the one before it, where one moved."""

    __slots__ = ("before", "last")

    def __init__(self) -> None:
        self.last: dict[int, dict[bytes, int]] = {}
        self.before: dict[tuple[int, bytes], int] = {}

    def add(self, subnet_id: int, key: bytes, ip: Any) -> None:
        addresses = self.last.get(subnet_id)
        if addresses is None:
            addresses = self.last[subnet_id] = {}
        last = addresses.get(key)
        if last is not None and last != ip:
            self.before[subnet_id, key] = last
        addresses[key] = ip

    def remove(self, subnet_id: int, key: bytes, ip: int) -> None:
        addresses = self.last.get(subnet_id, {})
        if addresses.get(key) == ip:
            before = self.before.pop((subnet_id, key), None)
            if before is None:
                del addresses[key]
            else:
                addresses[key] = before
        elif self.before.get((subnet_id, key)) == ip:
            del self.before[subnet_id, key]
