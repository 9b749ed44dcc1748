"""How is a person told what clients will notice of a change?"""

from collections.abc import Sequence

from app.services.impact import Effect
from app.views.formats import moment
from app.views.preferences import gettext as _
from app.views.preferences import ngettext


def sentence(effect: Effect) -> str:
    """Return what happens to the clients, and until when, in the viewer's language and time zone."""
    until = moment(effect.until) if effect.until and not effect.unlimited else _("they ask again")
    texts = {
        "release": ngettext(
            "%(n)s client is not told and keeps using its address until %(until)s at the latest; "
            "meanwhile another client may get it.",
            "%(n)s clients are not told and keep using their address until %(until)s at the latest; "
            "meanwhile another client may get it.",
            effect.clients,
        ),
        "quarantine": ngettext(
            "%(n)s client is refused at its next renewal, %(until)s at the latest, and gets another address.",
            "%(n)s clients are refused at the next renewal, %(until)s at the latest, and get another address.",
            effect.clients,
        ),
        "ends": ngettext(
            "%(n)s client is not served any more and keeps its address until %(until)s at the latest.",
            "%(n)s clients are not served any more and keep their address until %(until)s at the latest.",
            effect.clients,
        ),
        "moves": ngettext(
            "%(n)s active lease falls outside: its client gets another address at its next renewal, "
            "%(until)s at the latest.",
            "%(n)s active leases fall outside: their clients get another address at the next renewal, "
            "%(until)s at the latest.",
            effect.clients,
        ),
        "returns": ngettext(
            "%(n)s client gets its reserved address at the next renewal, %(until)s at the latest.",
            "%(n)s clients get their reserved address at the next renewal, %(until)s at the latest.",
            effect.clients,
        ),
        "settings": ngettext(
            "%(n)s client keeps its address and gets the new settings "
            "at its next renewal, %(until)s at the latest.",
            "%(n)s clients keep their address and get the new settings "
            "at the next renewal, %(until)s at the latest.",
            effect.clients,
        ),
    }
    return texts[effect.kind] % {"n": effect.clients, "until": until}


def sentences(effects: Sequence[Effect]) -> str:
    """Return all of them in a row, for a question before a change; says so when no client notices."""
    return " ".join(sentence(effect) for effect in effects) or _("No client notices this change.")
