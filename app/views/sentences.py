"""How is a sentence of a service, the engine or a stored message told in the viewer's language?

A service says its sentences in English, with values in them: "10.0.0.9 is outside 10.1.0.0/24." The catalogues hold
their patterns, collected from the source by scripts/messages.py: "%(p1)s is outside %(p2)s." A sentence that fits a
pattern is told by its translation, with the values in their places; any other stays as it is.
"""

import re
from functools import cache, lru_cache
from typing import Final

from babel.messages.pofile import read_po

from app.views.preferences import LOCALE, current, gettext

_PLACE: Final = re.compile(r"%\((p\d+)\)s")
_KEPT: Final = 4096
"""Sentences whose translation is remembered."""


def said(text: str) -> str:
    """Return the sentence in the viewer's language; one that is not known as it is."""
    return text if current().language == "en" or not text else _said(current().language, text)


@lru_cache(_KEPT)
def _said(language: str, text: str) -> str:
    if not text.strip():
        return text  # to the catalogue, the empty text is its own heading
    whole = gettext(text)
    if whole != text:
        return whole
    fitted = _fitted(language, text)
    if fitted:
        return fitted
    before, colon, after = text.partition(": ")
    if after:
        return f"{before}{colon}{_said(language, after)}"
    name, _, phrase = text.removesuffix(".").partition(" ")
    told = _fitted(language, phrase) or (gettext(phrase) if phrase else "")
    return f"{name} {told}." if told != phrase else text


def _fitted(language: str, text: str) -> str:
    """Return the translation by the first pattern that fits; nothing when none does."""
    for pattern, template in _patterns(language):
        found = pattern.fullmatch(text)
        if found is not None:
            return gettext(template) % {name: _said(language, value) for name, value in found.groupdict().items()}
    return ""


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Return the sentences with values in them, those that say most first."""
    with (LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        ids = [message.id for message in read_po(source, locale=language)]
    templates = [text for text in ids if isinstance(text, str) and "%(p1)s" in text]
    templates.sort(key=lambda text: len(_PLACE.sub("", text)), reverse=True)
    return [(re.compile(_expression(text), re.DOTALL), text) for text in templates]


def _expression(template: str) -> str:
    parts = _PLACE.split(template)
    return "".join(
        f"(?P<{part}>.*?)" if index % 2 else re.escape(part.replace("%%", "%")) for index, part in enumerate(parts)
    )
