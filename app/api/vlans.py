"""JSON routes of VLANs."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.api.resource import Natural, Resource
from app.models import Vlan
from app.schemas.labels import VlanIn, VlanOut, vlan_out
from app.services import vlans


def _show(session: Session, rows: Sequence[Vlan]) -> list[VlanOut]:
    counts = vlans.subnet_counts(session, rows)
    return [vlan_out(row, counts[row.id]) for row in rows]


def _key(parameters: Mapping[str, str]) -> dict[str, Any]:
    group = parameters["group"]
    return {"group": "" if group == "-" else group, "vid": parameters["vid"]}


RESOURCE = Resource(
    path="vlans",
    noun="vlan",
    plural="vlans",
    listing=vlans.LISTING,
    shape=VlanOut,
    show=_show,
    get=vlans.get_vlan,
    accepts=VlanIn,
    create=vlans.create_vlan,
    update=lambda session, actor, row, data: vlans.update_vlan(session, actor, row.id, data),
    delete=lambda session, actor, row: vlans.delete_vlan(session, actor, row.id),
    natural=Natural(
        "/{group}/{vid}", ("group", "vid"), _key, lambda s, data: vlans.find_vlan(s, data.group, data.vid)
    ),
)
router = RESOURCE.router()
