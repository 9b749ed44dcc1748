"""How are moments, durations, counts and hardware addresses shown to a person?"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Final, Literal

from babel.dates import TIMEDELTA_UNITS, format_date, format_timedelta
from babel.numbers import format_compact_decimal, format_decimal, format_percent
from markupsafe import Markup, escape

from app.models import AuditEntry, Lease, Reservation, ReservationIdentifier
from app.schemas.fields import show_identifier
from app.services.forecast import Forecast
from app.views.preferences import current, gettext, locale_of
from app.views.words import FIELDS, OBJECTS
from dhcpd.protocol.addresses import is_locally_administered

ISOLATE, END = "\u2066", "\u2069"
"""Unicode's left-to-right isolate: what stands between is laid out by itself."""
FAR_S: Final = 40 * 24 * 3600
"""A moment further away than this is told by its date alone."""
NEARLY: Final = 0.95
"""So much of an hour is told as an hour, not in minutes."""
FORMATTED: Final = 8192
"""Numbers, lengths of time and small lines that are ready."""


def _aware(value: datetime | int) -> datetime:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else value


def clock(value: datetime | int) -> str:
    """Return hours, minutes and seconds in the viewer's time zone."""
    return _aware(value).astimezone(current().zone_info).strftime("%H:%M:%S")


def day(value: datetime | int) -> str:
    """Return weekday and date in the viewer's language and time zone."""
    moved = _aware(value).astimezone(current().zone_info)
    return format_date(moved, "EEE d MMM y", locale=current().locale)


def moment(value: datetime | int | None) -> str:
    """Return date, time and zone as text; None = never."""
    return gettext("never") if value is None else _told(_aware(value).astimezone(current().zone_info))


def _told(moved: datetime) -> str:
    return f"{_written(moved)} {moved.tzname() or ''}"


def _written(moved: datetime) -> str:
    """Return 2030-01-31 12:00:00; `strftime` takes three times as long."""
    return moved.isoformat(" ", "seconds")[:19]


def isolated_moment(value: datetime | int | None) -> str:
    """Return a moment as `moment`, in such a way that a sentence written from the right keeps its order."""
    text = moment(value)
    return f"{ISOLATE}{text}{END}" if current().direction == "rtl" and value is not None else text


def ago(value: datetime | int) -> str:
    """Return how far a moment is from now, in words."""
    seconds = (_aware(value) - datetime.now(UTC)).total_seconds()
    return gettext("now") if abs(seconds) < 1 else _away(_rounded(seconds), current().language)


def _rounded(seconds: float) -> int:
    """Return seconds as a whole number of the largest unit of which there is (nearly) one."""
    size = next((size for _, size in TIMEDELTA_UNITS if abs(seconds) >= NEARLY * size), 1)
    return round(seconds / size) * size


@lru_cache(maxsize=FORMATTED)
def _away(seconds: int, language: str) -> str:
    try:
        return _in_words(seconds, language, "short")
    except KeyError:  # CLDR has no short form of every unit in every language: none of Arabic's weeks
        return _in_words(seconds, language, "long")


def _in_words(seconds: int, language: str, style: Literal["short", "long"]) -> str:
    delta = timedelta(seconds=seconds)
    return format_timedelta(delta, add_direction=True, threshold=NEARLY, format=style, locale=locale_of(language))


def when(value: datetime | int | None) -> Markup:
    """Return a moment as a page shows it: absolute, and relative beside it, which the browser keeps fresh."""
    if value is None:
        return Markup('<span class="when">{}</span>').format(gettext("never"))
    aware, now, zone = _aware(value), datetime.now(UTC), current().zone_info
    moved = aware.astimezone(zone)
    written = _written(moved)
    shown = written[11:] if now.astimezone(zone).date() == moved.date() else written[:16]
    far = abs((aware - now).total_seconds()) > FAR_S
    relative = "" if far else f' <span class="ago">{escape(ago(aware))}</span>'
    stamp = _written(aware.astimezone(UTC)).replace(" ", "T")
    return Markup(f'<time class="when" datetime="{stamp}Z" title="{_told(moved)}">{shown}{relative}</time>')


def since(value: datetime | int) -> Markup:
    """Return only how far a moment is from now, where there is little room; the moment itself is its title."""
    moved = _aware(value).astimezone(current().zone_info)
    stamp = _written(moved.astimezone(UTC)).replace(" ", "T")
    told = f'<span class="ago">{escape(ago(moved))}</span>'
    return Markup(f'<time class="when alone" datetime="{stamp}Z" title="{_told(moved)}">{told}</time>')


def number(value: float | None) -> str:
    """Return a count with the separators of the viewer's language."""
    return "" if value is None else _decimal(value, current().language)


@lru_cache(maxsize=FORMATTED)
def _decimal(value: float, language: str) -> str:
    return format_decimal(value, locale=locale_of(language))


def short_number(value: int) -> str:
    """Return a count in a few characters: 65536 -> 66K."""
    return format_compact_decimal(value, locale=current().locale)


def percent(part: float, whole: float) -> str:
    """Return a share; an empty whole is 0 %."""
    return _percent(round(part / whole, 4) if whole else 0.0, current().language)


@lru_cache(maxsize=FORMATTED)
def _percent(share: float, language: str) -> str:
    return format_percent(share, locale=locale_of(language))


def duration(seconds: float | None) -> str:
    """Return a length of time in its largest units: 5400 -> 1 h 30 min."""
    if seconds is None:
        return ""
    left, parts = int(seconds), []
    for size, unit in ((86400, gettext("d")), (3600, gettext("h")), (60, gettext("min")), (1, gettext("s"))):
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts[:2]) or f"0 {gettext('s')}"


def full_in(forecast: Forecast) -> str:
    """Return in how many days a pool is full, in words; empty when it is not told."""
    if forecast.days is None:
        return ""
    if forecast.days == 0:
        return gettext("within a day")
    return format_timedelta(
        timedelta(days=forecast.days), granularity="day", threshold=1.5, locale=current().locale
    )


def why_not_full(forecast: Forecast) -> str:
    """Return why it is not told when a pool is full."""
    return {
        "no_pool": gettext("There is no pool."),
        "too_little_history": gettext("It is told after four whole days of use."),
        "no_growth": gettext("Its use does not grow."),
        "too_far": gettext("Not within two years."),
    }.get(forecast.reason or "", "")


def spark(shares: Sequence[float], filled: bool = False) -> str:
    """Return the path of a line through shares (0 to 1) in a box of 100 by 30; filled: down to its ground."""
    return _line(tuple(shares), filled) if shares else ""


@lru_cache(maxsize=FORMATTED)
def _line(shares: tuple[float, ...], filled: bool) -> str:
    step = 100 / max(len(shares) - 1, 1)
    points = " ".join(f"L{index * step:.1f} {29 - 28 * share:.1f}" for index, share in enumerate(shares))
    line = f"M{points[1:]}" if len(shares) > 1 else f"M0 {29 - 28 * shares[0]:.1f} H100"
    return f"{line} L100 30 L0 30 Z" if filled else line


@cache
def _maker(prefix: str) -> str:
    from pymanuf import lookup  # its table of makers takes 60 ms to load: only when a page first needs it

    found = str(lookup(prefix))
    return "" if found == "unknown" else found


def vendor(octets: bytes) -> str:
    """Return who made the device; empty when its address is made up or unknown."""
    if len(octets) != 6 or is_locally_administered(octets):
        return ""
    return _maker(octets.hex(":"))


def octets(data: bytes) -> str:
    """Return octets as text where they are printable, else as hexadecimal."""
    text = data.decode("ascii", "replace")
    return text if text.isprintable() and "\ufffd" not in text and text else data.hex(":")


def plain(value: object) -> str:
    """Return a value of JSON as people read it: lists with commas, members one after the other."""
    if isinstance(value, dict):
        return " ".join(f"{plain(v)}" if k in ("type", "value") else f"{k} {plain(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(plain(part) for part in value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return "" if value is None else str(value)


def identifier(row: ReservationIdentifier) -> str:
    """Return an identifier as people read it."""
    return show_identifier(row.type, row.value)


def mac_of(row: Reservation) -> str:
    """Return the first hardware address that a reservation names; empty when it names none."""
    return next((identifier(each) for each in row.identifiers if each.type == "mac"), "")


def identifier_vendor(row: ReservationIdentifier) -> str:
    """Return who made the device that a MAC names."""
    return vendor(bytes.fromhex(row.value)) if row.type == "mac" else ""


def t1(lease: Lease) -> datetime:
    """Return when the client will ask to renew, by the usual half of its lease."""
    if lease.expires_at is None:
        return lease.renewed_at
    return lease.renewed_at + (lease.expires_at - lease.renewed_at) / 2


def field_name(name: str) -> str:
    """Return what a field of the REST API is called on pages."""
    return gettext(FIELDS[name]) if name in FIELDS else name.replace("_", " ")


def audit_title(entry: AuditEntry) -> str:
    """Return what a changed object is called: its kind with its prefix, address or name."""
    picture = entry.after or entry.before or {}
    resource = entry.object.partition("/")[0].replace("-", "_")
    kind = gettext(OBJECTS[resource]) if resource in OBJECTS else resource.replace("_", " ")
    if resource == "settings":
        return kind
    if "prefix_len" in picture:
        return f"{kind} {picture.get('first')}/{picture['prefix_len']}"
    if "first" in picture and "last" in picture:
        return f"{kind} {picture['first']}\u2013{picture['last']}"
    named = next((picture[key] for key in ("ip", "hostname", "name") if picture.get(key)), None)
    return f"{kind} {named or entry.object.partition('/')[2]}"


def page_href(href: str | None) -> str:
    """Return the page of what the REST API links to; empty when it has none."""
    kind, _, number = (href or "").removeprefix("/api/v1/").partition("/")
    pages = {
        "settings": "/settings", "subnets": f"/subnets/{number}/edit",
        "client-classes": f"/client-classes/{number}", "option-definitions": f"/option-definitions/{number}",
        "reservations": f"/reservations/{number}/edit", "shared-networks": "/shared-networks",
        "vlans": f"/vlans/{number}", "tags": f"/tags/{number}", "custom-fields": f"/custom-fields/{number}",
    }  # fmt: skip
    return pages.get(kind, "")
