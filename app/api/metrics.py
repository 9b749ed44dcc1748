"""What does a monitoring system read? Counters and gauges in the text format of Prometheus."""

from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from app.auth.deps import Db, Viewer
from app.models import Worker
from app.services import subnets, usage, workers
from app.services.audit import current_revision

router = APIRouter(tags=["metrics"])
OPERATIONS: Final = ("received", "sent", "send_failed", "commits", "commit_failed")
STATES: Final = ("leased", "reserved", "static", "declined", "free")


@router.get("/metrics", include_in_schema=False)
def metrics(session: Db, actor: Viewer, request: Request) -> Response:
    """Tell the state of workers, subnets and packets, read from the database at this moment."""
    registry = CollectorRegistry()
    registry.register(_Now(session))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Now(Collector):
    """Makes the metrics of this moment; they live in the database, so any web process tells the same."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def describe(self) -> Iterator[Metric]:
        """Say nothing beforehand: to tell the names would read the database twice."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield each metric."""
        rows = workers.list_workers(self._session)
        latest = current_revision(self._session)
        yield GaugeMetricFamily("leaseboard_revision", "The newest revision of the configuration.", value=latest)
        yield from _of_workers(rows)
        yield self._addresses()

    def _addresses(self) -> Metric:
        found = GaugeMetricFamily(
            "leaseboard_subnet_addresses", "Addresses of a subnet by state.", labels=("subnet", "name", "state")
        )
        rows = [row for row in subnets.list_subnets(self._session) if row.dhcp_enabled]
        used = usage.usage(self._session, rows)
        for row in rows:
            for state in STATES:
                found.add_metric((row.cidr, row.name, state), getattr(used[row.id], state))
        return found


def _of_workers(rows: list[Worker]) -> Iterator[Metric]:
    live = GaugeMetricFamily("leaseboard_worker_live", "1 while the worker reports.", labels=("worker",))
    applied = GaugeMetricFamily("leaseboard_worker_revision", "The revision that it serves.", labels=("worker",))
    started = GaugeMetricFamily(
        "leaseboard_worker_start_time_seconds", "Since when it runs.", labels=("worker",), unit="seconds"
    )
    messages = CounterMetricFamily(
        "leaseboard_worker_operations", "What the worker did since its start.", labels=("worker", "operation")
    )
    outcomes = CounterMetricFamily(
        "leaseboard_worker_outcomes", "What became of received messages.", labels=("worker", "reason")
    )
    for row in rows:
        live.add_metric((row.id,), float(workers.is_live(row)))
        applied.add_metric((row.id,), row.revision_applied)
        started.add_metric((row.id,), row.started_at.timestamp())
        for operation in OPERATIONS:
            messages.add_metric((row.id, operation), row.counters.get(operation, 0))
        for reason, number in row.counters.get("reasons", {}).items():
            outcomes.add_metric((row.id, reason), number)
    yield from (live, applied, started, messages, outcomes)
