"""What must be known of a table so that it can be imported and exported?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.services.actors import Actor

Key = tuple[Any, ...]
Values = Mapping[str, Any]
Step = tuple[Any, dict[str, Any] | None]
"""(id, fields as the import has them): id None = create, fields None = delete."""


@dataclass(frozen=True, slots=True)
class TableKind:
    """One table that can be imported and exported. An id is the primary key, as JSON has it.

    `keys`: the natural keys of values; any of them finds the object. `known`: the keys of all there are.
    `shown`: the object in the words of the import (`subnet` is a prefix). `create` returns the id; `change_many`,
    where there is one, carries out steps on as many objects, and returns the id or the error of each. `load` reads
    objects that are asked for next, in one go.
    """

    name: str
    shape: type[BaseModel]
    keys: Callable[[Values], list[Key]]
    known: Callable[[Session], Iterable[tuple[Key, Any]]]
    shown: Callable[[Session, Any], dict[str, Any]]
    rows: Callable[[Session], Iterable[dict[str, Any]]]
    create: Callable[[Session, Actor, dict[str, Any]], Any]
    update: Callable[[Session, Actor, Any, dict[str, Any]], None]
    delete: Callable[[Session, Actor, Any], None]
    change_many: Callable[[Session, Actor, Sequence[Step]], list[Any]] | None = None
    load: Callable[[Session, Sequence[Any]], None] = lambda session, ids: None
