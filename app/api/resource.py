"""How is a resource described once, and which routes follow from that?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, create_model
from sqlalchemy.orm import Session

from app.api.etags import check_match, etag_of, tag
from app.api.listing import Page, list_parameters
from app.api.route import ApiRoute
from app.auth.deps import Admin, Db, Operator, Viewer
from app.schemas.fields import Shape
from app.services.actors import Actor
from app.services.bulk import MAX_OBJECTS
from app.services.errors import DomainError, Invalid, NotFound, Problem
from app.services.grants import limited
from app.services.listing import Listing, cut, read_wish
from app.services.patch import merged, parsed

MAX_ID: Final = 2**31 - 1
MAX_KEY: Final = 253
"""Characters of a name in an address."""
Id = int
_ROLES: Final[Mapping[str, Any]] = {"viewer": Viewer, "operator": Operator, "admin": Admin}


@dataclass(frozen=True, slots=True)
class Natural:
    """A key that people know: `PUT path` makes or replaces the object that it names.

    `values` turns the path's parameters into fields of the shape; `find` returns the row that has them.
    """

    path: str
    parameters: tuple[str, ...]
    values: Callable[[Mapping[str, str]], dict[str, Any]]
    find: Callable[[Session, Any], Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """All that the routes, the OpenAPI document and the explorer know of a resource.

    `show` returns the shapes of rows, in one go for a whole page. A service that is None makes no route.
    """

    path: str
    noun: str
    plural: str
    listing: Listing
    shape: type[BaseModel]
    show: Callable[[Session, Sequence[Any]], Sequence[Any]]
    get: Callable[[Session, Any], Any]
    accepts: type[BaseModel] | None = None
    patches: type[BaseModel] | None = None
    create: Callable[[Session, Actor, Any], Any] | None = None
    update: Callable[[Session, Actor, Any, Any], Any] | None = None
    delete: Callable[[Session, Actor, Any], Any] | None = None
    put: Callable[[Session, Actor, Any, Any], Any] | None = None
    natural: Natural | None = None
    key: type[int] | type[str] = Id
    reads: str = "viewer"
    writes: str = "operator"

    def one(self, session: Session, row: Any) -> Any:
        """Return the shape of one row."""
        return self.show(session, [row])[0]

    def key_of(self, row: Any) -> str:
        """Return the key as it stands in the path."""
        return str(getattr(row, self.listing.fields[self.listing.key].column.key))

    def router(self) -> APIRouter:
        """Return the routes of the resource; a concept adds its sub-paths to them."""
        router = APIRouter(prefix=f"/{self.path}", tags=[self.plural], route_class=ApiRoute)
        _Routes(self, router).add()
        return router


def partial(shape: type[BaseModel], name: str, leave_out: tuple[str, ...] = (), optional: bool = True) -> Any:
    """Return the shape of a merge patch, all optional; or the shape without some fields."""
    fields: dict[str, Any] = {}
    for field, info in shape.model_fields.items():
        if field in leave_out:
            continue
        kind: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        fields[field] = (kind | None, None) if optional else (kind, info)
    config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": False})
    return create_model(name, __config__=config, **fields)


class BulkOp(Shape):
    """One change of many; data as POST takes it for a create, a merge patch for an update."""

    op: Literal["create", "update", "delete"]
    key: int | Annotated[str, Field(max_length=MAX_KEY)] | None = Field(
        None, description="which object to update or delete"
    )
    data: dict[str, Any] = Field(default_factory=dict)
    if_match: str | None = Field(None, max_length=100, description="refuse when its ETag is another")


class Bulk(Shape):
    """Changes that happen all or not at all, in this order."""

    ops: list[BulkOp] = Field(min_length=1, max_length=MAX_OBJECTS)


class BulkResult(Shape):
    """What became of one change; the key is the object's own."""

    op: str
    status: int
    key: str
    etag: str | None = None


class BulkResults(Shape):
    """What became of each change, in order."""

    results: list[BulkResult]


class _Routes:
    """Makes the routes; each is a closure over the one description."""

    def __init__(self, resource: Resource, router: APIRouter) -> None:
        self.resource, self.router = resource, router
        self.reader, self.writer = _ROLES[resource.reads], _ROLES[resource.writes]
        numbered = resource.key is Id
        name = f"{resource.noun}_id".replace(" ", "_") if numbered else resource.listing.key
        self.key_path = f"/{{{name}:int}}" if numbered else f"/{{{name}}}"
        limits = Path(alias=name, ge=1, le=MAX_ID) if numbered else Path(alias=name, max_length=MAX_KEY)
        self.key = Annotated[resource.key, limits]

    def add(self) -> None:
        """Add what the resource has services for."""
        self._list()
        self._get()
        if self.resource.create is not None:
            self._create()
        if self.resource.put is not None:
            self._put_by_key()
        if self.resource.natural is not None:
            self._put()
        if self.resource.update is not None:
            self._update()
        if self.resource.delete is not None:
            self._delete()
        if self.resource.delete is not None and (self.resource.create or self.resource.update):
            self._bulk()

    def _name(self, verb: str) -> str:
        return f"{verb}_{self.resource.noun}".replace(" ", "_")

    def _list(self) -> None:
        resource = self.resource
        whole = Page[resource.shape]  # type: ignore[name-defined]  # the description names the shape

        def endpoint(request: Request, session: Db, actor: Any) -> Response:
            found = cut(session, resource.listing, read_wish(request.query_params.multi_items()))
            items = list(resource.show(session, found.rows))
            page = whole.model_construct(items=items, next_cursor=found.next_cursor, total=found.total)
            return Response(page.model_dump_json(), media_type="application/json")

        endpoint.__doc__ = f"List {resource.plural}, filtered and in any order."
        endpoint.__annotations__ |= {"actor": self.reader}
        self.router.add_api_route(
            "", endpoint, methods=["GET"], operation_id=f"list_{resource.plural}".replace(" ", "_"),
            response_model=whole, summary=f"List {resource.plural}",
            openapi_extra={"parameters": list_parameters(resource.listing)},
        )  # fmt: skip

    def _get(self) -> None:
        resource = self.resource

        def endpoint(session: Db, actor: Any, key: Any, response: Response) -> Any:
            return tag(response, resource.one(session, resource.get(session, key)))

        self._add(endpoint, "GET", self.key_path, "get", f"Return one of the {resource.plural}.", reads=True)

    def _create(self) -> None:
        resource = self.resource

        def endpoint(session: Db, actor: Any, data: Any, response: Response) -> Any:
            row = resource.create(session, actor, data)  # type: ignore[misc]  # add() looked
            response.headers["Location"] = f"/api/v1/{resource.path}/{resource.key_of(row)}"
            return tag(response, resource.one(session, row))

        endpoint.__annotations__["data"] = resource.accepts
        self._add(endpoint, "POST", "", "create", f"Make one of the {resource.plural}.", status_code=201)

    def _put(self) -> None:
        resource, natural = self.resource, self.resource.natural
        assert natural is not None and resource.accepts is not None
        accepts = resource.accepts

        def endpoint(request: Request, session: Db, actor: Any, data: Any, response: Response) -> Any:
            named = natural.values(request.path_params)
            given = data.model_dump(exclude_unset=True)
            for field, value in named.items():
                if str(given.pop(field, value)) != str(value):
                    raise Invalid(Problem(field, "fixed", f"The address of this object says {value}."))
            whole = parsed(accepts, {**given, **named})
            with limited(session, actor.ranges):
                row = natural.find(session, whole)
            etag = etag_of(resource.one(session, row)) if row is not None else None
            check_match(request, etag, lambda: resource.one(session, row).model_dump(mode="json"))
            if row is None:
                response.status_code = 201
                row = resource.create(session, actor, whole)  # type: ignore[misc]  # a natural key has both
            else:
                row = resource.update(session, actor, row, whole)  # type: ignore[misc]
            response.headers["Location"] = f"/api/v1/{resource.path}/{resource.key_of(row)}"
            return tag(response, resource.one(session, row))

        fixed = tuple(natural.values(dict.fromkeys(natural.parameters, "0")))
        endpoint.__annotations__["data"] = partial(accepts, f"{accepts.__name__}Whole", fixed, optional=False)
        sentence = "Make the object that this address names, or replace it (201 when it is new)."
        text = {"type": "string"}
        parameters = [{"name": n, "in": "path", "required": True, "schema": text} for n in natural.parameters]
        self._add(endpoint, "PUT", natural.path, "put", sentence, openapi_extra={"parameters": parameters})

    def _put_by_key(self) -> None:
        resource = self.resource

        def endpoint(request: Request, session: Db, actor: Any, key: Any, data: Any, response: Response) -> Any:
            try:
                with limited(session, actor.ranges):
                    shown = resource.one(session, resource.get(session, key))
            except NotFound:
                shown = None
            etag = etag_of(shown) if shown is not None else None
            check_match(request, etag, lambda: shown.model_dump(mode="json") if shown is not None else None)
            row = resource.put(session, actor, key, data)  # type: ignore[misc]  # add() looked
            response.status_code = 200 if shown is not None else 201
            return tag(response, resource.one(session, row))

        endpoint.__annotations__["data"] = resource.accepts
        sentence = "Make the object that this address names, or replace it (201 when it is new)."
        self._add(endpoint, "PUT", self.key_path, "put", sentence)

    def _update(self) -> None:
        resource = self.resource
        shape = resource.patches or resource.accepts
        assert shape is not None

        def endpoint(request: Request, session: Db, actor: Any, key: Any, data: Any, response: Response) -> Any:
            row = _patched(resource, session, actor, key, data.model_dump(exclude_unset=True), request)
            return tag(response, resource.one(session, row))

        body = Body(media_type="application/merge-patch+json")
        endpoint.__annotations__["data"] = Annotated[partial(shape, f"{shape.__name__}Patch"), body]
        sentence = "Change fields by merge patch (RFC 7396); null restores a field's default."
        self._add(endpoint, "PATCH", self.key_path, "update", sentence)

    def _delete(self) -> None:
        resource = self.resource

        def endpoint(request: Request, session: Db, actor: Any, key: Any) -> None:
            _deleted(resource, session, actor, key, request)

        sentence = f"Remove one of the {resource.plural}."
        self._add(endpoint, "DELETE", self.key_path, "delete", sentence, status_code=204)

    def _bulk(self) -> None:
        resource = self.resource

        def endpoint(session: Db, actor: Any, data: Bulk) -> BulkResults:
            return BulkResults(results=[_op(resource, session, actor, i, op) for i, op in enumerate(data.ops)])

        sentence = f"Change up to {MAX_OBJECTS} {resource.plural}, all or none; an error names the op that failed."
        endpoint.__doc__ = sentence
        endpoint.__annotations__ |= {"actor": self.writer}
        self.router.add_api_route(
            "/bulk", endpoint, methods=["POST"], summary=f"Change many {resource.plural}",
            operation_id=f"bulk_{resource.plural}".replace(" ", "_"),
        )  # fmt: skip

    def _add(
        self, endpoint: Any, method: str, path: str, verb: str, sentence: str, *, reads: bool = False, **more: Any
    ) -> None:
        endpoint.__doc__ = sentence
        endpoint.__annotations__ |= {"actor": self.reader if reads else self.writer}
        if "key" in endpoint.__annotations__:
            endpoint.__annotations__["key"] = self.key
        shape = None if more.get("status_code") == 204 else self.resource.shape
        if method == "PUT":
            more["responses"] = {201: {"model": shape, "description": "It is new."}}
        self.router.add_api_route(
            path,
            endpoint,
            methods=[method],
            operation_id=self._name(verb),
            response_model=shape,
            summary=self._name(verb).replace("_", " ").capitalize(),
            **more,
        )


def _patched(
    resource: Resource, session: Session, actor: Actor, key: Any, patch: dict[str, Any], match: Request | str | None
) -> Any:
    with limited(session, actor.ranges):
        row = resource.get(session, key)
    shown = resource.one(session, row)
    check_match(match, etag_of(shown), lambda: shown.model_dump(mode="json"))
    shape = resource.patches or resource.accepts
    assert shape is not None
    before = shown.model_dump(mode="json")
    for name in [n for n in patch if n in before and n not in shape.model_fields and patch[n] == before[n]]:
        del patch[name]  # what is only shown may be sent back unchanged
    data = merged(shape, {name: before[name] for name in shape.model_fields}, patch)
    return resource.update(session, actor, row, data)  # type: ignore[misc]  # the route exists only with it


def _deleted(resource: Resource, session: Session, actor: Actor, key: Any, match: Request | str | None) -> None:
    with limited(session, actor.ranges):
        row = resource.get(session, key)
    shown = resource.one(session, row)
    check_match(match, etag_of(shown), lambda: shown.model_dump(mode="json"))
    resource.delete(session, actor, row)  # type: ignore[misc]  # the route exists only with it


def _op(resource: Resource, session: Session, actor: Actor, index: int, op: BulkOp) -> BulkResult:
    """Do one change; an error carries the index of the op."""
    try:
        return _done(resource, session, actor, op)
    except DomainError as error:
        raise error.inside(f"ops/{index}/data", index) from None


def _done(resource: Resource, session: Session, actor: Actor, op: BulkOp) -> BulkResult:
    if op.op == "create" and resource.create is not None and resource.accepts is not None:
        row = resource.create(session, actor, parsed(resource.accepts, op.data))
        return BulkResult(op=op.op, status=201, key=resource.key_of(row), etag=etag_of(resource.one(session, row)))
    if op.op == "create" and resource.put is not None and resource.accepts is not None and op.key is not None:
        row = resource.put(session, actor, _read_key(resource, op.key), parsed(resource.accepts, op.data))
        return BulkResult(op=op.op, status=200, key=resource.key_of(row), etag=etag_of(resource.one(session, row)))
    if op.key is None or op.op == "create":
        raise Invalid(Problem("", "required", f"A {op.op} of {resource.plural} needs a key that names it."))
    key = _read_key(resource, op.key)
    if op.op == "delete":
        _deleted(resource, session, actor, key, op.if_match)
        return BulkResult(op=op.op, status=204, key=str(op.key))
    if resource.update is None:
        raise Invalid(Problem("", "no_update", f"{resource.plural} can't be changed, only made and removed."))
    row = _patched(resource, session, actor, key, dict(op.data), op.if_match)
    return BulkResult(op=op.op, status=200, key=resource.key_of(row), etag=etag_of(resource.one(session, row)))


def _read_key(resource: Resource, key: int | str) -> Any:
    text = str(key)
    if resource.key is not Id:
        return text
    if not text.isdecimal() or not 1 <= int(text) <= MAX_ID:
        raise NotFound(Problem("key", "not_found", f"There is no {resource.noun} {text}."))
    return int(text)
