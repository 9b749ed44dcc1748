"""Which texts of the pages are to be translated? Brings app/locale/*/LC_MESSAGES/messages.po up to date.

Run it after a text of a page has changed; tests/app/views/test_language.py fails while a translation is missing.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.views.preferences import LANGUAGES, LOCALE
from dhcpd.engine.reasons import SENTENCES
from dhcpd.protocol.options import with_user_defined
from dhcpd.protocol.values import KINDS

ROOT = Path(__file__).resolve().parent.parent
METHODS = [("app/views/**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "extensions": "jinja2.ext.i18n"}}
KEYWORDS = {"_": None, "_n": None, "gettext": None, "ngettext": (1, 2), "Column": (2,)}
SPEAKERS = {
    "Problem": 2, "problem": 2, "Refused": 0, "Finding": 1, "ValueError": 0, "OptionValueError": 0, "say": 1,
    "_invalid": 3, "_conflict": 2,
}  # fmt: skip
"""What a service says a sentence with, and which argument the sentence is."""
PHRASES = ("can't", "cannot", "contains", "has", "is", "must", "needs")
"""How a phrase begins that stands behind the name of what it is about."""
SENTENCE_NAMES = ("message", "detail", "error", "disabled_reason", "text")
"""What a sentence is called that is made before it is said."""
SOURCES = ("app/notify", "app/schemas", "app/services", "dhcpd/engine", "dhcpd/protocol")
"""Where the sentences are collected that reach a page (app/views/sentences.py)."""


def sentences() -> Iterator[str]:
    """Yield what services say to people, with %(p1)s, %(p2)s for the values in it."""
    for source in SOURCES:
        root = ROOT / source
        for path in [root] if root.is_file() else sorted(root.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                name = _target(node.func) if isinstance(node, ast.Call) else ""
                if name in SPEAKERS and len(node.args) > SPEAKERS[name]:
                    yield from _sentence(node.args[SPEAKERS[name]])
                if isinstance(node, ast.Assign) and _target(node.targets[0]) in SENTENCE_NAMES:
                    yield from _sentence(node.value)


def _target(node: ast.expr) -> str:
    return str(getattr(node, "id", getattr(node, "attr", "")))


def _sentence(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        yield node.value
    if isinstance(node, ast.JoinedStr):
        places = 0
        text = ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += str(part.value).replace("%", "%%")
            else:
                places += 1
                text += f"%(p{places})s"
        if text[:1].isupper() or text.split(" ")[0] in PHRASES or (text.startswith("%") and text.count(" ") > 1):
            yield text
    if isinstance(node, ast.IfExp):
        yield from _sentence(node.body)
        yield from _sentence(node.orelse)


def options() -> Iterator[str]:
    """Yield what the catalogue of options says of each, and of each kind of value."""
    for definition in with_user_defined(()).definitions:
        yield definition.description
    for kind in KINDS.values():
        if "whole number" not in kind.summary:
            yield kind.summary


def template() -> Catalog:
    """Return every text, without translations."""
    catalog = Catalog(project="Leaseboard", charset="utf-8")
    found = extract_from_dir(str(ROOT), METHODS, OPTIONS, KEYWORDS)
    for filename, _line, message, _comments, _context in found:
        if filename.startswith(("app/views", "templates")):
            catalog.add(message)
    for sentence in (*SENTENCES.values(), *sentences(), *options()):
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
