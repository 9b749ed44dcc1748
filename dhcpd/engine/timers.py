"""Which addresses are to be looked at, and when?"""

from array import array
from heapq import heappop, heappush


class Timers:
    """Addresses by moment: four octets each instead of the hundred of a heap of pairs."""

    __slots__ = ("_at", "_moments")

    def __init__(self) -> None:
        self._moments: list[int] = []
        self._at: dict[int, array[int]] = {}

    def add(self, moment: int, ip: int) -> None:
        """Look at the address at the moment (whole seconds UTC)."""
        found = self._at.get(moment)
        if found is None:
            found = self._at[moment] = array("I")
            heappush(self._moments, moment)
        found.append(ip)

    def next(self) -> int | None:
        """Return the first moment; None = nothing is to be looked at."""
        return self._moments[0] if self._moments else None

    def pop(self, now: int) -> int | None:
        """Take out an address whose moment has come; None = there is none."""
        if not self._moments or self._moments[0] > now:
            return None
        moment = self._moments[0]
        addresses = self._at[moment]
        ip = addresses.pop()
        if not addresses:
            heappop(self._moments)
            del self._at[moment]
        return ip
