"""In which language, time zone and theme does this browser want its pages?"""

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import Request

from app.settings import PROJECT

LANGUAGES: Final = {"en": "English", "de": "Deutsch", "ar": "العربية"}
THEMES: Final = ("auto", "light", "dark")
RIGHT_TO_LEFT: Final = ("ar",)
LOCALE: Final = PROJECT / "app" / "locale"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a browser's cookies say; a value that is not known counts as not set."""

    language: str = "en"
    zone: str = "UTC"
    theme: str = "auto"

    @property
    def direction(self) -> str:
        """`rtl` for a language written from right to left, else `ltr`."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    @property
    def locale(self) -> Locale:
        """The conventions of the language."""
        return locale_of(self.language)

    @property
    def zone_info(self) -> ZoneInfo:
        """The time zone in which moments are shown."""
        return ZoneInfo(self.zone)


_current: ContextVar[Preferences] = ContextVar("preferences", default=Preferences())  # noqa: B039  # frozen


@cache
def zones() -> list[str]:
    """Return the names of the time zones, UTC first."""
    names = {
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix", "right"))
    }
    return ["UTC", *sorted(names)]


@cache
def locale_of(language: str) -> Locale:
    """Return the conventions of a language."""
    return Locale.parse(language)


@cache
def _translations(language: str) -> NullTranslations:
    path = LOCALE / language / "LC_MESSAGES" / "messages.po"
    if language == "en" or not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def read(request: Request) -> Preferences:
    """Return what the browser wants: its cookies, else its Accept-Language."""
    language = request.cookies.get("language", "")
    if language not in LANGUAGES:
        wanted = [part.split(";")[0].strip()[:2] for part in request.headers.get("accept-language", "").split(",")]
        language = next((name for name in wanted if name in LANGUAGES), "en")
    zone = request.cookies.get("zone", "").replace("%2F", "/")
    theme = request.cookies.get("theme", "")
    return Preferences(language, zone if zone in zones() else "UTC", theme if theme in THEMES else "auto")


def use(preferences: Preferences) -> None:
    """Make them those of the present request."""
    _current.set(preferences)


def current() -> Preferences:
    """Return those of the present request."""
    return _current.get()


def gettext(text: str) -> str:
    """Return the text in the language of the present request."""
    return _translations(_current.get().language).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of the text that fits a count."""
    return _translations(_current.get().language).ngettext(one, many, count)
