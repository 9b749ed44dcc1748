"""Do the workers live, and do they serve the newest revision?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Revision, Worker
from app.models.base import utc_now
from app.models.types import Address
from app.services.audit import current_revision
from app.services.errors import NotFound, Problem
from app.services.listing import Listing, fields

SILENT_S: Final = 5
"""A worker reports every second; one that has not for this long is taken for dead."""


GRACE_S: Final = 2
"""A new revision may be on its way for this long before a page warns of it."""


LISTING: Final = Listing(
    Worker, fields(Worker, "id", "pid", "started_at", "last_seen", "revision_applied", "apply_ms")
)


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """What every page says about the workers; message is empty when all is well."""

    live: int
    applied: int
    revision: int
    message: str


def list_workers(session: Session) -> list[Worker]:
    """Return all workers that ever reported."""
    return list(session.scalars(select(Worker).order_by(Worker.id)))


def get_worker(session: Session, worker_id: str) -> Worker:
    """Return a worker; raises NotFound."""
    found = session.get(Worker, worker_id)
    if found is None:
        raise NotFound(Problem("id", "not_found", f"There is no worker {worker_id}."))
    return found


def is_live(worker: Worker) -> bool:
    """Tell whether the worker reported within the last seconds."""
    return utc_now() - worker.last_seen <= timedelta(seconds=SILENT_S)


def _is_old(session: Session) -> bool:
    """Tell whether the newest revision has been there long enough for every worker to serve it."""
    changed = session.scalar(select(Revision.changed_at).where(Revision.id == 1))
    return changed is not None and utc_now() - changed > timedelta(seconds=GRACE_S)


def offers(session: Session) -> dict[Address, datetime]:
    """Return the addresses that are offered to clients now, as the live workers told last, and until when."""
    now = utc_now()
    told = [entry for row in list_workers(session) if is_live(row) for entry in row.counters.get("offers", [])]
    found = {IPv4Address(ip): datetime.fromtimestamp(until, UTC) for ip, until in told}
    return {ip: until for ip, until in found.items() if until > now}


def health(session: Session) -> WorkerHealth:
    """Return how many workers live and serve the newest revision."""
    revision = current_revision(session)
    live = [worker for worker in list_workers(session) if is_live(worker)]
    applied = sum(worker.revision_applied >= revision for worker in live)
    message = ""
    if not live:
        message = "No DHCP worker is running: no client gets an answer."
    elif applied < len(live) and _is_old(session):
        message = f"Revision {revision} is live on {applied} of {len(live)} workers."
    return WorkerHealth(len(live), applied, revision, message)
