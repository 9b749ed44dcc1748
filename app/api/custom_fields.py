"""JSON routes of the definitions of custom fields."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.api.resource import Natural, Resource
from app.models import CustomField
from app.schemas.labels import CustomFieldIn, CustomFieldOut, custom_field_out
from app.services import custom_fields


def _show(session: Session, rows: Sequence[CustomField]) -> list[CustomFieldOut]:
    used = custom_fields.used(session, rows)
    return [custom_field_out(row, used[row.id]) for row in rows]


RESOURCE = Resource(
    path="custom-fields",
    noun="custom field",
    plural="custom fields",
    listing=custom_fields.LISTING,
    shape=CustomFieldOut,
    show=_show,
    get=custom_fields.get_custom_field,
    accepts=CustomFieldIn,
    create=custom_fields.create_custom_field,
    update=lambda session, actor, row, data: custom_fields.update_custom_field(session, actor, row.id, data),
    delete=lambda session, actor, row: custom_fields.delete_custom_field(session, actor, row.id),
    natural=Natural(
        "/{resource}/{name}", ("resource", "name"), dict,
        lambda s, data: custom_fields.find_custom_field(s, data.resource, data.name),
    ),
    writes="admin",
)  # fmt: skip
router = RESOURCE.router()
