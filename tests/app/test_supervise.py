"""Is a worker that ends started again, ever later, until the server stops?"""

import time

import pytest

from app.supervise import Supervisor


def test_worker_that_cannot_start_is_tried_ever_later_until_the_stop(capfd: pytest.CaptureFixture[str]) -> None:
    supervisor = Supervisor(["--no-such-option"])
    supervisor.start()
    said, deadline = "", time.monotonic() + 20
    while "0.8 s" not in said and time.monotonic() < deadline:
        time.sleep(0.05)
        said += capfd.readouterr().err
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 5
    assert said.index("starting it again in 0.4 s") < said.index("starting it again in 0.8 s")
    time.sleep(1)
    assert "starting it again" not in capfd.readouterr().err
