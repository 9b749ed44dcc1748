"""How did a decision come about? Written only when somebody asks."""

from typing import NamedTuple


class Step(NamedTuple):
    """One thing that was found out; `topic` is link, client, reservation, binding, policy, address or outcome."""

    topic: str
    text: str


class Trace:
    """The steps of one decision, in order. The engine takes None in its place when nobody reads them."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def say(self, topic: str, text: str) -> None:
        """Add a step."""
        self.steps.append(Step(topic, text))
