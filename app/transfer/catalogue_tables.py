"""What are VLANs, tags, custom fields, option definitions and client classes to an import?"""

from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import ClientClass, CustomField, OptionDefinition, Tag, Vlan
from app.schemas.client_classes import ClientClassIn, client_class_out
from app.schemas.labels import CustomFieldIn, TagIn, VlanIn, custom_field_out, tag_out, vlan_out
from app.schemas.option_definitions import OptionDefinitionIn, option_definition_out
from app.services import client_classes, custom_fields, option_definitions, tags, vlans
from app.services.actors import Actor
from app.transfer.table_kind import Key, TableKind, Values

Service = Callable[..., Any]


def _kind(
    name: str,
    model: type[Any],
    shape: type[BaseModel],
    shown: Callable[[Any], BaseModel],
    naming: tuple[str, ...],
    services: tuple[Service, Service, Service, Service],
    *,
    by_row: bool,
) -> TableKind:
    """Return the kind of a table whose rows have an id; services: get, create, update, delete.

    by_row: update and delete take the row, not its id.
    """
    get, create, update, delete = services

    def plain(row: Any) -> dict[str, Any]:
        return shown(row).model_dump(mode="json", include=set(shape.model_fields))

    def target(session: Session, id_: Any) -> Any:
        return get(session, id_) if by_row else id_

    def key(values: Values) -> Key:
        return tuple(str(values.get(field) if values.get(field) is not None else "") for field in naming)

    def change(session: Session, actor: Actor, id_: Any, data: dict[str, Any]) -> None:
        update(session, actor, target(session, id_), shape.model_validate(data))

    return TableKind(
        name,
        shape,
        keys=lambda values: [key({**_defaults(shape, naming), **values})],
        known=lambda session: ((key(plain(row)), row.id) for row in session.scalars(select(model))),
        shown=lambda session, id_: plain(get(session, id_)),
        rows=lambda session: map(plain, session.scalars(select(model).order_by(model.id))),
        create=lambda session, actor, data: create(session, actor, shape.model_validate(data)).id,
        update=change,
        delete=lambda session, actor, id_: delete(session, actor, target(session, id_)),
    )


def _defaults(shape: type[BaseModel], naming: tuple[str, ...]) -> dict[str, Any]:
    found = {name: shape.model_fields[name] for name in naming}
    return {name: field.default for name, field in found.items() if not field.is_required()}


TAGS: Final = _kind(
    "tags", Tag, TagIn, lambda row: tag_out(row, 0), ("name",),
    (tags.get_tag, tags.create_tag, tags.update_tag, tags.delete_tag), by_row=False,
)  # fmt: skip
CUSTOM_FIELDS: Final = _kind(
    "custom_fields", CustomField, CustomFieldIn, lambda row: custom_field_out(row, 0), ("resource", "name"),
    (custom_fields.get_custom_field, custom_fields.create_custom_field, custom_fields.update_custom_field,
     custom_fields.delete_custom_field), by_row=False,
)  # fmt: skip
VLANS: Final = _kind(
    "vlans", Vlan, VlanIn, lambda row: vlan_out(row, 0), ("group", "vid"),
    (vlans.get_vlan, vlans.create_vlan, vlans.update_vlan, vlans.delete_vlan), by_row=False,
)  # fmt: skip
OPTION_DEFINITIONS: Final = _kind(
    "option_definitions", OptionDefinition, OptionDefinitionIn, option_definition_out, ("space", "code"),
    (option_definitions.get_definition, option_definitions.create_definition, option_definitions.update_definition,
     option_definitions.delete_definition), by_row=True,
)  # fmt: skip
CLIENT_CLASSES: Final = _kind(
    "client_classes", ClientClass, ClientClassIn, lambda row: client_class_out(row, []), ("name",),
    (client_classes.get_class, client_classes.create_class, client_classes.update_class,
     client_classes.delete_class), by_row=True,
)  # fmt: skip
