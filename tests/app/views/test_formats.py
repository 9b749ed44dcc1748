"""Can each moment be told in each language?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.models import AuditEntry
from app.transfer.export_text import Rendered
from app.views import formats, preferences
from app.views.preferences import LANGUAGES, Preferences
from app.views.sentences import said


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
    text = formats.isolated_moment(datetime(2026, 11, 28, 13, 50, tzinfo=UTC))
    assert text.strip("\u2066\u2069") == "2026-11-28 13:50:00 UTC"
    assert text.startswith("\u2066") == (language == "ar")


def test_a_change_is_called_by_its_object_in_each_language(language: str) -> None:
    entry = AuditEntry(object="reservations/52", after={"ip": "10.9.0.60", "hostname": "camera"})
    kind = {"en": "Reservation", "de": "Reservierung", "ar": "\u062d\u062c\u0632"}[language]
    assert formats.audit_title(entry) == f"{kind} 10.9.0.60"


def test_a_field_is_called_as_in_the_forms(language: str) -> None:
    told = formats.field_name("min_lease_time")
    assert told == {"en": "Shortest lease time", "de": "K\u00fcrzeste Lease-Zeit"}.get(language, told)
    assert "_" not in told
    assert formats.field_name("unheard_of") == "unheard of"


def test_what_a_file_loses_and_why_a_message_failed_are_told_in_the_language(language: str) -> None:
    lost = Rendered()
    lost.lose_fields({"vlan_group": "campus", "tags": ["a"]}, set(), "a subnet", "10.0.0.0/24")
    lines = [*lost.losses, "The receiver did not answer within 10 s.", "Input should be less than or equal to 4094"]
    assert list(lost.losses) == ["tags of a subnet", "vlan group of a subnet"]
    assert [said(line) == line for line in lines] == [language == "en"] * 4
