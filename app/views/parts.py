"""The small parts of pages: texts, pictures, and what stands in each row of a table.

They are functions, since a template's macro takes twice as long for each of a hundred rows. Their texts stand
outside of f-strings, where the collection of the catalogues finds them.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from app.assets import assets
from app.services.usage import PoolUsage, Usage
from app.services.use_history import Outlook
from app.views import formats, preferences
from app.views.formats import number, percent
from dhcpd.protocol.addresses import format_mac, is_locally_administered

KEPT: Final = 4096
"""Texts and pictures that are ready."""
SOON_DAYS: Final = 14
"""A pool that is full so soon is told in the colour of a fault."""


@lru_cache(maxsize=KEPT)
def icon(name: str, label: str = "") -> Markup:
    """Return a picture of the sprite; without a label it is decoration."""
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    href = f"{assets().url('vendor/icons.svg')}#{name}"
    return Markup('<svg class="icon" {}><use href="{}"></use></svg>').format(said, href)


def translated(text: str, /, **values: object) -> Markup:
    """Return a text in the viewer's language, with the values in it; they are escaped, and % is written %%."""
    found = preferences.gettext(text)
    return Markup(found % {name: escape(value) for name, value in values.items()}) if values else _written(found)


@lru_cache(maxsize=KEPT)
def _written(text: str) -> Markup:
    return Markup(text % {})


_ = translated


def hidden_fields(values: Mapping[str, object]) -> Markup:
    """Return hidden inputs that carry values along with a form."""
    return Markup("".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in values.items() if value
    ))  # fmt: skip


def into(place: str) -> Markup:
    """Return what a field says of the place of its answer: the place stays and the newest question wins.

    By itself htmx waits for the answer before and forgets the questions between (hx-sync); if a place is replaced
    as a whole, an answer to the old one is lost, and no screen reader tells of the new one (hx-swap).
    """
    return Markup(f'hx-target="#{place}" hx-swap="innerHTML strip:true" hx-sync="#{place}:replace"')


def badge(name: str, label: str = "") -> Markup:
    """Return a state as a coloured word; without a label the word is the state's own."""
    return _badge(name, label or _(name))


@lru_cache(maxsize=KEPT, typed=True)  # a text that is safe already is another than the same to be escaped
def _badge(name: str, label: str) -> Markup:
    return Markup(f'<span class="state {escape(name)}">{escape(label)}</span>')


def pick(key: object, name: object) -> Markup:
    """Return the cell with the box that chooses a row."""
    label = _("Choose %(name)s", name=name)
    return Markup(
        f'<td class="pick"><input type="checkbox" class="form-check-input" name="key" value="{escape(key)}" '
        f'form="bulk" data-select aria-label="{label}"></td>'
    )


def act(
    action: str, label: str, csrf: str, confirm: str = "", tone: str = "", picture: str = "",
    fields: Mapping[str, object] | None = None, size: str = "btn-sm",
) -> Markup:  # fmt: skip
    """Return a form of one button; `confirm` is asked before, `fields` go along."""
    asked = f' data-confirm="{escape(confirm)}"' if confirm else ""
    colour = f" btn-{tone}" if tone else ""
    return Markup(
        f'<form method="post" action="{escape(action)}" class="act"{asked}>'
        f"{hidden_fields({'csrf_token': csrf, **(fields or {})})}"
        f'<button class="btn {size}{colour}">{icon(picture) if picture else ""}{escape(label)}</button></form>'
    )


def switch(form: str, action: str, on: bool, label: str, confirm: str = "") -> Markup:
    """Return a switch of a form, which tells its state in a word too; `confirm` is asked before it is off."""
    asked = f' data-confirm="{escape(confirm)}"' if on and confirm else ""
    checked, other, word = ("true", "0", _("on")) if on else ("false", "1", _("off"))
    return Markup(
        f'<button form="{form}" formaction="{escape(action)}" name="enabled" value="{other}" class="toggle" '
        f'role="switch" aria-checked="{checked}"{asked}><span class="visually-hidden">{escape(label)}: </span>'
        f"{word}</button>"
    )


def mac_cell(octets: bytes) -> Markup:
    """Return a hardware address and who made the device."""
    if not octets:
        return Markup("")
    if is_locally_administered(octets):
        word, meaning = _("random"), _("Made up by the device, not by its maker")
        told = f' <small class="muted" title="{meaning}">{word}</small>'
    else:
        maker = formats.vendor(octets)
        told = f' <small class="muted vendor">{escape(maker)}</small>' if maker else ""
    return Markup(f"<code>{format_mac(octets)}</code>{told}")


def bar(use: Usage | PoolUsage) -> Markup:
    """Return how full a pool is, or those of a subnet."""
    pool = use.pool if isinstance(use, Usage) else use.size
    whole, taken = max(pool, 1), pool - use.free
    most = 100 * taken / whole
    leased, declined = min(100 * use.leased / whole, most), 100 * use.declined / whole
    told = _(
        "%(leased)s leased, %(reserved)s reserved, %(static)s static, %(declined)s declined, %(free)s free",
        leased=number(use.leased), reserved=number(use.reserved), static=number(use.static),
        declined=number(use.declined), free=number(use.free),
    )  # fmt: skip
    label = _("%(taken)s of %(pool)s taken", taken=number(taken), pool=number(pool))
    return Markup(
        f'<span class="use" title="{told}"><svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}"><rect class="b-free" width="100" height="8"/>'
        f'<rect class="b-other" width="{most:.2f}" height="8"/>'
        f'<rect class="b-declined" width="{min(leased + declined, most):.2f}" height="8"/>'
        f'<rect class="b-leased" width="{leased:.2f}" height="8"/></svg>'
        f'<span class="use-n">{percent(taken, pool)}</span></span>'
    )


def spark_line(outlook: Outlook | None) -> Markup:
    """Return how full the pools of a subnet were in the last days, as a small line."""
    if outlook is None or not outlook.recent:
        return Markup('<span class="spark" aria-hidden="true"></span>')
    label = _(
        "Use of the last 7 days: now %(now)s, at most %(peak)s",
        now=percent(outlook.recent[-1], 1), peak=percent(outlook.peak_share or 0.0, 1),
    )  # fmt: skip
    return Markup(
        f'<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<path class="fill" d="{formats.spark(outlook.recent, filled=True)}"/>'
        f'<path d="{formats.spark(outlook.recent)}"/></svg>'
    )


def full_in(outlook: Outlook | None) -> Markup:
    """Return in how many days pools are full; or that this is not told, and why."""
    if outlook is None:
        return Markup('<span class="muted">–</span>')
    text, days = formats.full_in(outlook.forecast), outlook.forecast.days
    if text and days is not None:
        return Markup(f'<span class="{"state bad" if days <= SOON_DAYS else "nowrap"}">{escape(text)}</span>')
    why = escape(formats.why_not_full(outlook.forecast))
    return Markup(f'<span class="muted" title="{why}">–<span class="visually-hidden"> {why}</span></span>')
