"""Is every text of the pages there in each language, with the same places to fill in?"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from app.views.preferences import LANGUAGES, LOCALE, Preferences, gettext, ngettext, use

ROOT = Path(__file__).resolve().parents[3]
OTHERS = [name for name in LANGUAGES if name != "en"]
PLACES = re.compile(r"%\(\w+\)s")


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_keeps_its_places(language: str) -> None:
    with (LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        catalog = read_po(source, locale=language)
    there = {message.id if isinstance(message.id, str) else message.id[0] for message in catalog}
    script = "import json, messages; print(json.dumps([m.id for m in messages.template() if m.id]))"
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={"PYTHONPATH": f"{ROOT}:{ROOT}/scripts"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    wanted = json.loads(found.stdout)
    missing = [text for text in wanted if (text if isinstance(text, str) else text[0]) not in there]
    assert missing == [], "run scripts/messages.py and translate them"
    for message in catalog:
        if not message.id:
            continue
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        assert all(forms), f"not translated: {message.id}"
        allowed = {place for text in originals for place in PLACES.findall(text)}
        for form in forms:
            assert set(PLACES.findall(form)) <= allowed, form


def test_texts_follow_the_language_of_the_request() -> None:
    use(Preferences("de"))
    assert gettext("Leases") == "Leases"
    assert gettext("Settings") == "Einstellungen"
    assert ngettext("%(shown)s subnet", "%(shown)s subnets", 2) == "%(shown)s Subnetze"
    use(Preferences("ar"))
    assert gettext("Settings") == "الإعدادات"
    assert Preferences("ar").direction == "rtl"
    use(Preferences())
