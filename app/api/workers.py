"""JSON routes of workers: do they live, what do they serve, and what became of the packets?"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.api.resource import Resource
from app.models import Worker
from app.schemas.workers import WorkerOut, worker_out
from app.services import workers
from app.services.audit import current_revision
from dhcpd.engine.reasons import explain


def _show(session: Session, rows: Sequence[Worker]) -> list[WorkerOut]:
    latest = current_revision(session)
    return [
        worker_out(
            row,
            live=workers.is_live(row),
            latest=latest,
            explained={name: explain(name) for name in row.counters.get("reasons", {})},
        )
        for row in rows
    ]


RESOURCE = Resource(
    path="workers",
    noun="worker",
    plural="workers",
    listing=workers.LISTING,
    shape=WorkerOut,
    show=_show,
    get=workers.get_worker,
    key=str,
)
router = RESOURCE.router()
