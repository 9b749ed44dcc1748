"""Can each moment be told in each language?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.views import formats, preferences
from app.views.preferences import LANGUAGES, Preferences


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    preferences.use(Preferences(language=request.param))
    yield request.param
    preferences.use(Preferences())


def test_every_distance_is_told_in_words(language: str) -> None:
    now = datetime.now(UTC)
    minutes = [1.02**step / 60 for step in range(1100)]  # a second to five years
    told = {formats.ago(now + side * timedelta(minutes=away)) for away in minutes for side in (1, -1)}
    assert len(told) > 50
    assert all(any(letter.isalpha() for letter in text) for text in told)


def test_a_moment_in_a_sentence_from_the_right_is_isolated(language: str) -> None:
    text = formats.moment(datetime(2026, 11, 28, 13, 50, tzinfo=UTC))
    assert text.strip("\u2066\u2069") == "2026-11-28 13:50:00 UTC"
    assert text.startswith("\u2066") == (language == "ar")
