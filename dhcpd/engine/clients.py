"""Which address had a client last, by its key or by its hardware address?"""

from collections.abc import Iterable

from dhcpd.engine.leases import Lease


class Clients:
    """The addresses of clients, by subnet: nothing here depends on the configuration.

    A client whose key is made of its hardware address (htype 1: no identifier, or the address as identifier, as
    nearly all send it) is found by the key alone; only the others need an entry for their hardware address too.
    """

    __slots__ = ("_by_key", "_by_mac")

    def __init__(self) -> None:
        self._by_key: dict[int, dict[bytes, int]] = {}
        self._by_mac: dict[int, dict[bytes, int]] = {}

    def add(self, lease: Lease) -> None:
        """Note the client's address in the place of one that it had in the subnet before."""
        key, mac = lease.client_key, lease.mac
        self._by_key.setdefault(lease.subnet_id, {})[key] = lease.ip
        if key[2:] != mac or key[1:2] != b"\1":
            self._by_mac.setdefault(lease.subnet_id, {})[mac] = lease.ip

    def remove(self, lease: Lease) -> None:
        """Forget the client's address, unless it has another one by now."""
        for index, key in ((self._by_key, lease.client_key), (self._by_mac, lease.mac)):
            found = index.get(lease.subnet_id)
            if found is not None and found.get(key) == lease.ip:
                del found[key]

    def knows(self, lease: Lease) -> bool:
        """Tell whether the client of the lease has an address in its subnet."""
        return lease.client_key in self._by_key.get(lease.subnet_id, ())

    def by_key(self, subnet_id: int, key: bytes) -> Iterable[int]:
        """Return the address of the client with this key: one or none."""
        found = self._by_key.get(subnet_id)
        ip = found.get(key) if found is not None else None
        return (ip,) if ip is not None else ()

    def by_mac(self, subnet_id: int, mac: bytes) -> Iterable[int]:
        """Return the addresses of clients with this hardware address, whatever identifier they sent."""
        keys = self._by_key.get(subnet_id)
        if keys is None:
            return ()
        found = (keys.get(b"\0\1" + mac), keys.get(b"\1\1" + mac), self._by_mac.get(subnet_id, {}).get(mac))
        return [ip for ip in found if ip is not None]
