"""Which classes is a client in?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dhcpd.engine.expressions import Expression
from dhcpd.engine.facts import FactError, Facts
from dhcpd.engine.scopes import Layer, Matched

CACHED_RESULTS: Final = 2048
"""Kinds of client, by the fields that the expressions read, whose classes are remembered."""
CACHED_SETS: Final = 1024


@dataclass(slots=True, eq=False, frozen=True)
class ClientClass:
    """Clients for which the expression is true; layer None = it sets nothing.

    expression None = it can't be read, and never matches.
    """

    id: int
    name: str
    expression: Expression | None
    drop: bool = False
    layer: Layer | None = None


Key = tuple[tuple[bytes | None, ...], tuple[bytes | None, ...], bytes, int, str]


class Classifier:
    """All classes of the configuration; `errors` counts by class the packets that an expression could not judge."""

    def __init__(self, classes: Sequence[ClientClass]) -> None:
        """Take the classes, the one whose settings win first. One that refers to itself never matches."""
        self.classes = tuple(classes)
        self.errors: Counter[str] = Counter()
        self._order = in_order(self.classes)
        fields = [f for c in self._order if c.expression is not None for f in c.expression.fields]
        self._options = tuple(sorted({code for field in fields for code in field.options}))
        self._suboptions = tuple(sorted({code for field in fields for code in field.suboptions}))
        names = {field.name for field in fields}
        self._by_mac, self._by_relay, self._by_interface = (n in names for n in ("mac", "relay", "interface"))
        self._results: dict[Key, Matched] = {}
        self._sets: dict[frozenset[str], Matched] = {}

    def match(self, facts: Facts) -> Matched:
        """Return the classes of a packet; equal sets of classes are one object."""
        key = (
            tuple(map(facts.options.get, self._options)),
            tuple(map(facts.relay_info.get, self._suboptions)),
            facts.mac if self._by_mac else b"",
            facts.relay if self._by_relay else 0,
            facts.interface if self._by_interface else "",
        )
        found = self._results.get(key)
        if found is None:
            found, whole = self._evaluate(facts)
            if whole:  # a packet that can't be judged is counted each time
                if len(self._results) >= CACHED_RESULTS:
                    self._results.clear()
                self._results[key] = found
        return found

    def _evaluate(self, facts: Facts) -> tuple[Matched, bool]:
        names: set[str] = set()
        whole = True
        for class_ in self._order:
            try:
                if class_.expression is not None and class_.expression.test(facts, names):
                    names.add(class_.name)
            except FactError:
                self.errors[class_.name] += 1
                whole = False
        return self._set(frozenset(names)), whole

    def _set(self, names: frozenset[str]) -> Matched:
        found = self._sets.get(names)
        if found is None:
            members = [c for c in self.classes if c.name in names]
            layers = tuple(c.layer for c in reversed(members) if c.layer is not None)
            found = Matched(names, layers, next((c.name for c in members if c.drop), ""))
            if len(self._sets) >= CACHED_SETS:
                self._sets.clear()
            self._sets[names] = found
        return found


def in_order(classes: Sequence[ClientClass]) -> list[ClientClass]:
    """Return the classes, each after those that its expression refers to; without any that are part of a cycle."""
    known = {c.name: c for c in classes if c.expression is not None}
    ordered: dict[str, ClientClass] = {}
    while True:
        ready = [
            c
            for c in known.values()
            if c.name not in ordered and c.expression is not None
            and all(name in ordered or name not in known for name in c.expression.classes)
        ]  # fmt: skip
        if not ready:
            return list(ordered.values())
        ordered.update((c.name, c) for c in ready)
