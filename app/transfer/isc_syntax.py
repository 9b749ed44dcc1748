"""How are ISC dhcpd's files read into statements? (dhcpd.conf(5), dhcpd.leases(5))

A statement is a row of words that ends in `;`, or in a block of statements in braces.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from app.transfer.document import Document

MAX_DEPTH: Final = 32
_TOKEN: Final = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<mark>[;{}])
    |(?P<word>[^\s;{}"\#,=()]+|[,=()])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)


class Word(NamedTuple):
    """A word; `data` are the octets of a text in quotes, None for a bare word."""

    text: str
    data: bytes | None = None


@dataclass(slots=True)
class Statement:
    """Words, and the block behind them if there is one; the place counts from 1."""

    line: int
    column: int
    words: list[Word]
    block: "list[Statement] | None" = None
    named: str = field(init=False)

    def __post_init__(self) -> None:
        """Keep the first word in lower case: it says what the statement is."""
        self.named = self.words[0].text.lower() if self.words and self.words[0].data is None else ""

    def arguments(self) -> list[list[Word]]:
        """Return the words after the first, split at commas."""
        return split_commas(self.words[1:])

    def texts(self) -> list[str]:
        """Return the words after the first as texts, without commas."""
        return [word.text for word in self.words[1:] if word.text != "," or word.data is not None]


def split_commas(words: list[Word]) -> list[list[Word]]:
    """Return the words between commas."""
    groups: list[list[Word]] = [[]]
    for word in words:
        if word.text == "," and word.data is None:
            groups.append([])
        else:
            groups[-1].append(word)
    return [group for group in groups if group]


def read_statements(text: str, document: Document) -> list[Statement]:
    """Return the statements of a file; what is malformed is noted, and reading goes on where it can."""
    breaks = [match.start() for match in re.finditer("\n", text)]
    stack: list[list[Statement]] = [[]]
    words: list[Word] = []
    began, at = 0, 0

    def place(offset: int) -> tuple[int, int]:
        line = bisect_right(breaks, offset - 1)
        return line + 1, offset - (breaks[line - 1] if line else -1)

    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            document.error(*place(at), "A text in quotes does not end." if text[at] == '"' else "Unreadable.")
            return stack[0]
        start, at = at, match.end()
        kind, token = match.lastgroup, match[0]
        if kind == "blank":
            continue
        if not words:
            began = start
        if kind == "string":
            data = _unescape(token[1:-1])
            words.append(Word(data.decode("utf-8", "replace"), data))
        elif kind == "word":
            words.append(Word(token))
        elif token == ";":
            if words:
                stack[-1].append(Statement(*place(began), words))
            words = []
        elif token == "{":
            if len(stack) > MAX_DEPTH:
                document.error(*place(start), f"More than {MAX_DEPTH} blocks are nested.")
                return stack[0]
            made = Statement(*place(began), words, [])
            stack[-1].append(made)
            stack.append(made.block if made.block is not None else [])
            words = []
        else:
            if words:
                document.error(*place(began), "A statement does not end with a semicolon.")
                words = []
            if len(stack) == 1:
                document.error(*place(start), "A brace is closed that was not opened.")
            else:
                stack.pop()
    if words or len(stack) > 1:
        document.error(*place(began if words else len(text)), "The file ends in the middle of a statement.")
    return stack[0]


def _unescape(text: str) -> bytes:
    """Return the octets of a text in quotes: octal, hexadecimal and single characters behind a backslash."""
    out = bytearray()
    last = 0
    for match in _ESCAPE.finditer(text):
        out += text[last : match.start()].encode("utf-8", "surrogateescape")
        last = match.end()
        code = match[1]
        if code[0] in "01234567":
            out.append(int(code, 8) & 255)
        elif code[0] == "x" and len(code) > 1:
            out.append(int(code[1:], 16))
        else:
            out += {"n": b"\n", "t": b"\t", "r": b"\r", "b": b"\b"}.get(code, code.encode("utf-8", "replace"))
    return bytes(out + text[last:].encode("utf-8", "surrogateescape"))
