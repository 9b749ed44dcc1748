"""Are failures counted, forgotten and bounded?"""

from app.auth import throttle
from app.auth.throttle import FAILURES, KEPT, Throttle


def test_key_waits_after_too_many_failures_and_another_does_not() -> None:
    counter = Throttle()
    for _ in range(FAILURES):
        assert counter.wait_s("a") == 0
        counter.failed("a")
    assert 0 < counter.wait_s("a") <= throttle.WINDOW_S
    assert counter.wait_s("b") == 0


def test_success_forgets_the_failures() -> None:
    counter = Throttle()
    for _ in range(FAILURES):
        counter.failed("a")
    counter.succeeded("a")
    assert counter.wait_s("a") == 0


def test_memory_is_bounded() -> None:
    counter = Throttle()
    for number in range(KEPT + 10):
        counter.failed(str(number))
    assert len(counter._failures) == KEPT
