"""The running product, as `leaseboard serve` starts it, over loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import Product


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    running = Product(tmp_path)
    try:
        running.sign_up()
        yield running
    finally:
        running.stop()
