"""JSON routes of events: what happened to leases. To follow them: `sort=id&id__gt=LAST`."""

from app.api.resource import Resource
from app.schemas.leases import EventOut, event_out
from app.services import events

RESOURCE = Resource(
    path="events",
    noun="event",
    plural="events",
    listing=events.LISTING,
    shape=EventOut,
    show=lambda session, rows: [event_out(row) for row in rows],
    get=events.get_event,
)
router = RESOURCE.router()
