"""Which texts of the pages are to be translated? Brings app/locale/*/LC_MESSAGES/messages.po up to date.

Run it after a text of a page has changed; tests/app/views/test_language.py fails while a translation is missing.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.views.preferences import LANGUAGES, LOCALE
from dhcpd.engine.reasons import SENTENCES

ROOT = Path(__file__).resolve().parent.parent
METHODS = [("app/views/**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "extensions": "jinja2.ext.i18n"}}
KEYWORDS = {"_": None, "_n": None, "gettext": None, "ngettext": (1, 2), "Column": (2,)}


def template() -> Catalog:
    """Return every text, without translations."""
    catalog = Catalog(project="Leaseboard", charset="utf-8")
    found = extract_from_dir(str(ROOT), METHODS, OPTIONS, KEYWORDS)
    for filename, _line, message, _comments, _context in found:
        if filename.startswith(("app/views", "templates")):
            catalog.add(message)
    for sentence in SENTENCES.values():
        catalog.add(sentence)
    return catalog


def main() -> None:
    """Add new texts to the catalogues, and take out those that are no longer used."""
    for language in LANGUAGES:
        if language == "en":
            continue
        path = LOCALE / language / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        catalog = Catalog(locale=language)
        if path.exists():
            with path.open("rb") as source:
                catalog = read_po(source, locale=language)
        catalog.update(template(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        with path.open("wb") as target:
            write_po(target, catalog, width=116, sort_output=True, ignore_obsolete=True)


if __name__ == "__main__":
    main()
