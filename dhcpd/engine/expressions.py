"""Is a client in a class? The language of class expressions.

    expression  = term { "or" term }            term       = factor { "and" factor }
    factor      = "not" factor | "(" expression ")" | class "(" text ")" | condition
    condition   = "option" "[" code "]" "." "exists"
                | field "in" "(" literal { "," literal } ")"
                | field ( "==" | "!=" | "startswith" | "contains" | "matches" ) literal
    field       = a name of FIELDS | "option" "[" code "]" "." ( "text" | "hex" )

There are no loops, and everything is bounded: an expression always ends, in time linear in the packet's length.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NamedTuple

from dhcpd.engine.conditions import OPERATORS, Literal, LiteralError, allowed, compare, shown
from dhcpd.engine.facts import FIELDS, FactError, Facts, Field, hex_option, octets_option, text_option
from dhcpd.engine.tokens import ExpressionError, Token, quoted, tokenize
from dhcpd.protocol.options import find

MAX_LENGTH: Final = 4000
MAX_DEPTH: Final = 32
MAX_CONDITIONS: Final = 256

Test = Callable[[Facts, Collection[str]], bool]
"""A compiled expression: facts of the packet, names of the classes matched so far -> whether it is true."""


class Condition(NamedTuple):
    """One comparison of an expression by its place in the text; field None = it asks for another class."""

    start: int
    end: int
    test: Test
    field: Field | None


class Finding(NamedTuple):
    """How one comparison came out; actual = the field's values as people read them; result None = an error."""

    condition: str
    result: bool | None
    actual: str


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, ready to be evaluated. `test` raises FactError; `classes`: the names that it refers to."""

    text: str
    test: Test
    conditions: tuple[Condition, ...]
    classes: frozenset[str]

    @property
    def fields(self) -> Iterator[Field]:
        """The fields that the expression reads."""
        return (condition.field for condition in self.conditions if condition.field is not None)

    def explain(self, facts: Facts, matched: Collection[str]) -> list[Finding]:
        """Return how each comparison comes out."""
        return [self._finding(condition, facts, matched) for condition in self.conditions]

    def _finding(self, condition: Condition, facts: Facts, matched: Collection[str]) -> Finding:
        text = self.text[condition.start : condition.end]
        field = condition.field
        try:
            result = condition.test(facts, matched)
            actual = ", ".join(shown(field, value) for value in field.read(facts)) if field else ""
        except FactError as error:
            return Finding(text, None, str(error))
        return Finding(text, result, actual)


def parse(text: str) -> Expression:
    """Return the expression; raises ExpressionError with the column and what was expected there."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(MAX_LENGTH + 1, f"an expression has at most {MAX_LENGTH} characters")
    return _Parser(text).parse()


def rename_class(text: str, old: str, new: str) -> str:
    """Return the expression with every reference to a class renamed; raises ExpressionError."""
    tokens = tokenize(text)
    for before, bracket, name in reversed(list(zip(tokens, tokens[1:], tokens[2:], strict=False))):
        if (before.kind, before.value, bracket.value) == ("word", "class", "(") and name[:2] == ("text", old):
            text = text[: name.start] + quoted(new) + text[name.end :]
    return text


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.depth = 0
        self.conditions: list[Condition] = []
        self.classes: set[str] = set()

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def parse(self) -> Expression:
        if self.token.kind == "end":
            raise ExpressionError(1, f"expected a condition, such as {_EXAMPLE}")
        test = self._any()
        if self.token.kind != "end":
            raise self._expected("“and”, “or” or the end")
        return Expression(self.text, test, tuple(self.conditions), frozenset(self.classes))

    def _any(self) -> Test:
        tests = [self._all()]
        while self._take("or"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else _any_of(tests)

    def _all(self) -> Test:
        tests = [self._factor()]
        while self._take("and"):
            tests.append(self._factor())
        return tests[0] if len(tests) == 1 else _all_of(tests)

    def _factor(self) -> Test:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(self.token.column, f"an expression is nested at most {MAX_DEPTH} levels deep")
        test = self._negated() if self._take("not") else self._primary()
        self.depth -= 1
        return test

    def _negated(self) -> Test:
        inner = self._factor()
        return lambda facts, matched: not inner(facts, matched)

    def _primary(self) -> Test:
        if self._take("("):
            test = self._any()
            self._want(")")
            return test
        if len(self.conditions) >= MAX_CONDITIONS:
            raise ExpressionError(self.token.column, f"an expression has at most {MAX_CONDITIONS} conditions")
        start = self.token
        if start.kind != "word" or start.value in ("and", "or", "in", *OPERATORS):
            raise self._expected("a field, “class(”, “option[”, “not” or “(”")
        self.at += 1
        test, field = self._class() if start.value == "class" else self._comparison(start)
        self.conditions.append(Condition(start.start, self.tokens[self.at - 1].end, test, field))
        return test

    def _class(self) -> tuple[Test, None]:
        self._want("(")
        name = self.token.value
        self._want_kind("text", "the name of a class between quotes")
        self._want(")")
        self.classes.add(name)
        return (lambda facts, matched: name in matched), None

    def _comparison(self, start: Token) -> tuple[Test, Field]:
        field = self._option() if start.value == "option" else FIELDS.get(start.value)
        if field is None:
            raise ExpressionError(start.column, _no_field(start.value))
        if field.name.endswith(".exists"):
            return (lambda facts, matched: bool(field.read(facts))), field
        operator = self.token
        if operator.value not in allowed(field) or operator.kind not in ("word", "sign"):
            raise self._expected(f"{_listed(allowed(field))} after {field.name}")
        self.at += 1
        column = self.token.column
        try:
            holds = compare(field, operator.value, self._literals(operator.value))
        except LiteralError as error:
            raise ExpressionError(column, str(error)) from None
        return (lambda facts, matched: holds(facts)), field

    def _option(self) -> Field:
        self._want("[")
        code = self._code()
        self._want("]")
        self._want(".")
        make = {"text": text_option, "hex": hex_option, "exists": octets_option}.get(self.token.value)
        if make is None:
            raise self._expected("text, hex or exists")
        name = f"option[{code}].{self.token.value}"
        self.at += 1
        return make(code, name)

    def _code(self) -> int:
        token = self.token
        definition = find(token.value) if token.kind == "word" else None
        code = definition.code if definition else _number(token) if token.kind == "number" else 0
        if not 0 < code < 255:
            raise self._expected("the code (1 to 254) or the name of an option")
        self.at += 1
        return code

    def _literals(self, operator: str) -> list[Literal]:
        if operator != "in":
            return [self._literal()]
        self._want("(")
        literals = [self._literal()]
        while self._take(","):
            literals.append(self._literal())
        self._want(")")
        return literals

    def _literal(self) -> Literal:
        token = self.token
        if token.kind not in ("text", "number"):
            raise self._expected("a text between quotes or a number")
        self.at += 1
        return token.value if token.kind == "text" else _number(token)

    def _take(self, word: str) -> bool:
        found = self.token.value == word and self.token.kind in ("word", "sign")
        self.at += found
        return found

    def _want(self, sign: str) -> None:
        if not self._take(sign):
            raise self._expected(f"“{sign}”")

    def _want_kind(self, kind: str, what: str) -> None:
        if self.token.kind != kind:
            raise self._expected(what)
        self.at += 1

    def _expected(self, what: str) -> ExpressionError:
        return ExpressionError(self.token.column, f"expected {what}, found {self.token.shown}")


def _any_of(tests: list[Test]) -> Test:
    def test_any(facts: Facts, matched: Collection[str]) -> bool:
        for test in tests:  # noqa: SIM110  # a generator costs twice as much
            if test(facts, matched):
                return True
        return False

    return test_any


def _all_of(tests: list[Test]) -> Test:
    def test_all(facts: Facts, matched: Collection[str]) -> bool:
        for test in tests:  # noqa: SIM110  # as above
            if not test(facts, matched):
                return False
        return True

    return test_all


_EXAMPLE: Final = 'vendor_class startswith "PXEClient"'


def _number(token: Token) -> int:
    return int(token.value, 16) if token.value[:2].lower() == "0x" else int(token.value[:20])


def _no_field(word: str) -> str:
    close = get_close_matches(word, FIELDS, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(FIELDS)} and option[…]"
    return f"there is no field “{word}”; {hint}"


def _listed(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
