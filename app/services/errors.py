"""Which ways can a wish of the user fail? These errors know no HTTP."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: the field, a stable code, a sentence, and the object in the way, if any.

    column: where in a text, counted from 1.
    """

    field: str
    code: str
    detail: str
    conflict_type: str | None = None
    conflict_id: str | None = None
    column: int | None = None


class DomainError(Exception):
    """The base of the four; carries the problems found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(p.detail for p in problems))
        self.problems = problems
        self.op: int | None = None

    def inside(self, prefix: str, op: int) -> Self:
        """Return the same error as one of a list of changes, with the index of the one that failed."""
        self.problems = tuple(replace(p, field=f"{prefix}/{p.field}".rstrip("/")) for p in self.problems)
        self.op = op
        return self


class Invalid(DomainError):
    """The request has no meaning here (a pool outside its subnet)."""


class Conflict(DomainError):
    """Another object is in the way (overlap, duplicate, stale version)."""


class NotFound(DomainError):
    """No such object."""


class Forbidden(DomainError):
    """The caller lacks the named permission."""
