"""Which words is an expression made of, and in which column is each?"""

import re
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<number>0[xX][0-9A-Fa-f]+|[0-9]+)
      | (?P<word>[A-Za-z_][A-Za-z0-9_-]*)
      | (?P<sign>==|!=|[()\[\],.])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


class ExpressionError(ValueError):
    """An expression that can't be read; `column` counts from 1, `problem` says what was expected there."""

    def __init__(self, column: int, problem: str) -> None:
        super().__init__(f"column {column}: {problem}")
        self.column = column
        self.problem = problem


class Token(NamedTuple):
    """kind: text, number, word, sign or end; value: a text without its quotes; start and end count from 0."""

    kind: str
    value: str
    start: int
    end: int

    @property
    def column(self) -> int:
        """The column as people count it."""
        return self.start + 1

    @property
    def shown(self) -> str:
        """The token as a message quotes it."""
        words = {"end": "the end", "text": f'the text "{self.value}"'}
        return words.get(self.kind, f"“{self.value}”")


def tokenize(text: str) -> list[Token]:
    """Return the tokens with one of kind `end` after them; raises ExpressionError."""
    tokens: list[Token] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise ExpressionError(start + 1, _unreadable(text[start]))
        kind = match.lastgroup or ""
        value = match[kind]
        if kind == "text":
            value = _ESCAPE.sub(_unescaped, value[1:-1])
        tokens.append(Token(kind, value, match.start(kind), match.end()))
        position = match.end()
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def _unescaped(match: re.Match[str]) -> str:
    r"""Return what \" and \\ stand for; any other pair stays, so that patterns can say \d."""
    return match[1] if match[1] in '"\\' else match[0]


def quoted(value: str) -> str:
    """Return a text as an expression writes it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unreadable(character: str) -> str:
    if character == '"':
        return "the text that begins here has no closing quote"
    if character in "'“”‘’":
        return f'texts stand between straight double quotes ("), not {character}'
    if character in "=!":
        return "comparisons are written == and !="
    if character in "&|":
        return "conditions are joined by the words and, or"
    return f"“{character}” means nothing here"
