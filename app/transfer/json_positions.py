"""How is JSON with comments read so that each member knows its line? (Kea: #, //, /* */, trailing commas)

The standard library's parser keeps no positions, and those are what the report of an import consists of.
"""

import json
import re
from bisect import bisect_right
from typing import Any, Final

MAX_DEPTH: Final = 64
_TOKEN: Final = re.compile(
    r"""(?P<blank>[\ \t\r\n]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<word>true|false|null)
    |(?P<mark>[{}\[\],:])
    |(?P<include><\?include\s+"[^"\n]*"\s*\?>)""",
    re.VERBOSE | re.DOTALL,
)


class JsonError(ValueError):
    """The text is no JSON at this line and column."""

    def __init__(self, line: int, column: int, text: str) -> None:
        super().__init__(text)
        self.line, self.column, self.text = line, column, text


class Object(dict[str, Any]):
    """A JSON object that knows where it and its members stand: (line, column), from 1."""

    def __init__(self, place: tuple[int, int]) -> None:
        super().__init__()
        self.place = place
        self.places: dict[str, tuple[int, int]] = {}

    def place_of(self, name: str) -> tuple[int, int]:
        """Return where a member stands, else where the object begins."""
        return self.places.get(name, self.place)


def parse_json(text: str) -> Any:
    """Return the value; objects are `Object`s. Raises JsonError, never anything else."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.breaks = [match.start() for match in re.finditer("\n", text)]
        self.at = 0
        self.kind = ""
        self.token = ""
        self.start = 0

    def parse(self) -> Any:
        self.advance()
        value = self.value(0)
        if self.kind:
            raise self.error("Something follows the end of the JSON value")
        return value

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.breaks, offset - 1)
        return line + 1, offset - (self.breaks[line - 1] if line else -1)

    def error(self, text: str) -> JsonError:
        line, column = self.place(self.start)
        found = repr(self.token[:30]) if self.kind else "the end of the file"
        return JsonError(line, column, f"{text}: found {found}.")

    def advance(self) -> None:
        while True:
            self.start = self.at
            match = _TOKEN.match(self.text, self.at)
            if match is None:
                self.kind = "other" if self.at < len(self.text) else ""
                self.token = self.text[self.at : self.at + 1]
                if self.kind:
                    raise self.error("This is no JSON")
                return
            self.at = match.end()
            self.kind, self.token = match.lastgroup or "", match[0]
            if self.kind == "include":
                raise self.error("An included file is not followed; paste its content here")
            if self.kind != "blank":
                return

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise self.error(f"More than {MAX_DEPTH} levels are nested")
        if self.token == "{":
            return self.object(depth)
        if self.token == "[":
            return self.array(depth)
        if self.kind not in ("string", "number", "word"):
            raise self.error("A value is missing")
        try:
            value = json.loads(self.token)
        except ValueError:
            raise self.error("This is no JSON value") from None
        self.advance()
        return value

    def object(self, depth: int) -> Object:
        found = Object(self.place(self.start))
        self.advance()
        while self.token != "}":
            if self.kind != "string":
                raise self.error("A member's name in quotes is missing")
            where = self.place(self.start)
            name = self.value(depth)
            if self.token != ":":
                raise self.error(f"A colon is missing after {name!r}")
            self.advance()
            found[name] = self.value(depth + 1)
            found.places[name] = where
            self.separator("}")
        self.advance()
        return found

    def array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self.advance()
        while self.token != "]":
            found.append(self.value(depth + 1))
            self.separator("]")
        self.advance()
        return found

    def separator(self, end: str) -> None:
        if self.token == ",":
            self.advance()
        elif self.token != end:
            raise self.error(f"A comma or {end!r} is missing")
