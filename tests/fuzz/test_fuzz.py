"""Does anything that arrives raise? A short run; `make fuzz` does a long one, guided by coverage."""

from collections import Counter
from random import Random

from dhcpd.engine.reasons import Reason
from tests.fuzz.seeds import random_input, seeds
from tests.fuzz.target import Target

INPUTS = 20_000


def test_seeds_reach_every_handler() -> None:
    target = Target()
    outcomes = {target.judge(seed) for seed in seeds()}
    assert {Reason.OFFERED, Reason.INFORMED, Reason.DROP_UNHANDLED_TYPE} <= outcomes


def test_no_input_raises() -> None:
    target, random = Target(), Random(20_261_125)
    outcomes = Counter(target.judge(random_input(random)) for _ in range(INPUTS))
    assert outcomes[Reason.OFFERED] > INPUTS / 100, outcomes
    assert outcomes[Reason.ASSIGNED] > 10, outcomes
    assert len(outcomes) > 30, outcomes
