"""Does anything that fails, under load, give an address two owners or lose a lease that was ACKed?"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import make_session_factory, unit_of_work
from app.models import Lease, Worker
from app.schemas.pools import PoolIn
from app.schemas.subnets import SubnetIn
from app.services import pools, subnets
from app.services.actors import COMMAND_LINE
from tests.e2e.cluster.network import RELAY, Cluster
from tests.e2e.conftest import TOOLS, needs_machine

RATE = float(os.environ.get("LEASEBOARD_FAILOVER_RATE", "60"))
LEASE_S = 30
NETWORK = ip_network("10.64.0.0/16")
pytestmark = [pytest.mark.needs_root, pytest.mark.xdist_group("cluster")]


@dataclass
class Run:
    """What the load saw, and what the database holds in the end."""

    clients: int
    unanswered: int
    naks: int
    acks: list[tuple[float, str, int, str, int]]
    stored: dict[int, tuple[str, float]]

    def two_owners(self) -> list[str]:
        """Return each ACK of an address that another client still held."""
        holder: dict[int, tuple[str, float]] = {}
        found = []
        for at, mac, ip, _, lease_s in self.acks:
            other, until = holder.get(ip, (mac, 0.0))
            if other != mac and until > at:
                found.append(f"{ip:#x} given to {mac} while {other} held it for {until - at:.1f} s more")
            holder[ip] = (mac, at + lease_s)
        return found

    def not_stored(self) -> list[str]:
        """Return each lease that was ACKed, still runs, and is not the database's."""
        last = {ip: (mac, at + lease_s) for at, mac, ip, _, lease_s in self.acks}
        now = self.acks[-1][0]
        return [
            f"{ip:#x} of {mac}" for ip, (mac, until) in last.items()
            if until > now and self.stored.get(ip, ("", 0.0))[0] != mac
        ]  # fmt: skip

    def longest_gap_s(self, after: float) -> float:
        """Return for how long, at most, no client was answered after a moment."""
        moments = [after, *(ack[0] for ack in self.acks if ack[0] > after)]
        return max(later - earlier for earlier, later in pairwise(moments))

    def servers(self, since: float, until: float) -> set[str]:
        return {server for at, _, _, server, _ in self.acks if since <= at < until}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """The hosts, their databases with a plan, and nothing started yet."""
    needs_machine(*TOOLS)
    made = Cluster()
    try:
        made.wire()
        made.start_databases()
        with unit_of_work(make_session_factory(made.engine("db1"))) as session:
            times = {"lease_time": LEASE_S, "min_lease_time": 4, "max_lease_time": LEASE_S}
            shape = SubnetIn(cidr=str(NETWORK), relays=[RELAY], **times)
            subnet = subnets.create_subnet(session, COMMAND_LINE, shape)
            pool = PoolIn(subnet_id=subnet.id, start=str(NETWORK[256]), end=str(NETWORK[-257]))
            pools.create_pool(session, COMMAND_LINE, pool)
        yield made
    finally:
        made.close()


def serve(cluster: Cluster, workers: int = 1) -> None:
    for name in ("a", "b"):
        cluster.start_host(name, workers)
    cluster.wait_for_hosts("a", "b")
    time.sleep(2)  # each has seen the other's row


def finish(cluster: Cluster, out: Path, database: str) -> Run:
    """Wait for the load's end and judge: no two owners, nothing missing, nobody unanswered."""
    cluster.processes["load"].wait(120)
    summary, *rows = (json.loads(line) for line in out.read_text().splitlines())
    with Session(cluster.engine(database)) as session:
        stored = {
            int(row.ip): (row.mac.hex(), row.expires_at.timestamp() if row.expires_at else 0.0)
            for row in session.scalars(select(Lease).where(Lease.state == "active"))
        }
    run = Run(summary["clients"], summary["unanswered"], summary["naks"], [tuple(row) for row in rows], stored)
    assert run.two_owners() == [], cluster.logs()
    assert run.not_stored() == [], cluster.logs()
    assert run.unanswered == 0, cluster.logs()
    return run


def count_reason(cluster: Cluster, reason: str) -> int:
    """Return how often the workers had an outcome, all together."""
    with Session(cluster.engine("db1")) as session:
        counters = session.scalars(select(Worker.counters)).all()
    return sum(int(row["reasons"].get(reason, 0)) for row in counters)


def tell(what: str, run: Run, after: float) -> None:
    """Print the figures that docs/failover.md quotes."""
    print(
        f"{what}: {run.clients} clients, {len(run.acks)} ACKs, {run.naks} NAKs, lost 0, two owners 0, missing 0, "
        f"longest silence {run.longest_gap_s(after):.1f} s",
        file=sys.stderr,
    )


def test_hosts_share_the_load_and_give_no_address_twice(cluster: Cluster) -> None:
    serve(cluster, workers=2)
    began = time.time()
    run = finish(cluster, cluster.start_load(RATE, 10), "db1")
    time.sleep(1.5)  # each worker has reported its counters
    shares = [sum(ack[3] == server for ack in run.acks) for server in ("10.60.0.1", "10.60.0.2")]
    assert min(shares) > len(run.acks) / 4, shares
    offers = count_reason(cluster, "offered")
    assert run.clients <= offers < run.clients * 1.1, "each newcomer is offered an address by one host"
    tell(f"two hosts with two workers each, shares {shares}", run, began)


def test_a_promoted_standby_is_served_from(cluster: Cluster) -> None:
    serve(cluster)
    out = cluster.start_load(RATE, 20)
    time.sleep(6)
    killed = time.time()
    cluster.kill_database("db1")
    cluster.promote("db2")
    run = finish(cluster, out, "db2")
    assert run.servers(killed + 8, killed + 60) == {"10.60.0.1", "10.60.0.2"}
    tell("primary killed, standby promoted", run, killed)


@pytest.mark.parametrize("fault", ["kill", "cut", "stop"])
def test_the_other_host_takes_over(cluster: Cluster, fault: str) -> None:
    serve(cluster)
    out = cluster.start_load(RATE, 24)
    time.sleep(5)
    failed = time.time()
    if fault == "cut":
        cluster.cut("a", off=True)
    else:
        cluster.signal_host("a", signal.SIGKILL if fault == "kill" else signal.SIGSTOP)
    time.sleep(9)
    if fault == "kill":
        cluster.start_host("a")
    elif fault == "cut":
        cluster.cut("a", off=False)
    else:
        cluster.signal_host("a", signal.SIGCONT)
    run = finish(cluster, out, "db1")
    assert run.servers(failed + 5, failed + 8) == {"10.60.0.2"}
    assert "10.60.0.1" in run.servers(failed + 14, failed + 60), "it came back"
    tell({"kill": "worker killed", "cut": "cut from the database", "stop": "worker frozen"}[fault], run, failed)
