"""What do large files cost, and do they come back the same? `python -m tests.perf.transfers` prints a table.

Each step runs in a process of its own over SQLite: seconds of CPU, seconds that passed, the most memory in MiB.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from ipaddress import IPv4Address
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from app.database import make_engine, make_session_factory, unit_of_work
from app.migrate import upgrade
from app.models import Import
from app.services import imports
from app.services.actors import Actor
from app.transfer import jobs
from app.transfer.exports import export

ROOT = Actor("root", "admin")
Cost = tuple[float, float, float]


def kea(subnets: int) -> str:
    """Return a configuration of so many /24 with a pool, options, a relay and 5 reservations each."""
    return json.dumps({"Dhcp4": {"valid-lifetime": 7200, "subnet4": [_kea_subnet(n) for n in range(subnets)]}})


def _kea_subnet(number: int) -> dict[str, Any]:
    base = (10 << 24) + (number << 8)
    hosts = [
        {
            "hw-address": _mac((number << 8) + n),
            "ip-address": str(IPv4Address(base + n)),
            "hostname": f"h{number}-{n}",
        }
        for n in range(10, 15)
    ]
    return {
        "id": number + 1, "subnet": f"{IPv4Address(base)}/24", "user-context": {"name": f"net {number}"},
        "pools": [{"pool": f"{IPv4Address(base + 50)} - {IPv4Address(base + 250)}"}], "reservations": hosts,
        "relay": {"ip-addresses": [str(IPv4Address(base + 1))]},
        "option-data": [
            {"name": "routers", "data": str(IPv4Address(base + 1))},
            {"name": "domain-name-servers", "data": "10.255.0.1, 10.255.0.2"},
        ],
    }  # fmt: skip


def _mac(number: int) -> str:
    return (0x020000000000 + number).to_bytes(6, "big").hex(":")


def tables(count: int) -> tuple[str, str]:
    """Return two tables: subnets, and so many reservations, 200 in each."""
    bases = [(10 << 24) + (n << 8) for n in range(-(-count // 200))]
    subnets = ["cidr,name", *(f"{IPv4Address(base)}/24,net {n}" for n, base in enumerate(bases))]
    hosts = [
        f"{_mac(n)},{IPv4Address(bases[n // 200] + n % 200 + 10)},host-{n}" for n in range(count)
    ]  # fmt: skip
    return "\n".join(subnets) + "\n", "\n".join(["mac,ip,hostname", *hosts]) + "\n"


def take_in(database: str, format_: str, source: str) -> dict[str, Any]:
    """Plan and commit a file; return how many rows were created, skipped and so on."""
    engine = make_engine(database)
    upgrade(engine)
    factory = make_session_factory(engine)
    with unit_of_work(factory) as session:
        id_ = imports.upload(session, ROOT, "file", format_, None, source.encode()).id
    _work(factory, id_)
    with unit_of_work(factory) as session:
        imports.order_commit(session, ROOT, id_, skip_conflicts=False)
    _work(factory, id_)
    with unit_of_work(factory, writing=False) as session:
        row = imports.get_import(session, id_)
        assert (row.state, row.error) == ("committed", ""), (row.state, row.error)
        return dict(row.counts)


def take_back(database: str) -> dict[str, Any]:
    """Undo the newest import that was not undone; return its counts."""
    factory = make_session_factory(make_engine(database))
    with unit_of_work(factory) as session:
        id_ = session.scalars(
            select(Import.id).where(Import.state == "committed").order_by(Import.id.desc())
        ).first()
        assert id_ is not None
        imports.order_undo(session, ROOT, id_)
    _work(factory, id_)
    with unit_of_work(factory, writing=False) as session:
        row = imports.get_import(session, id_)
        assert (row.state, row.counts["kept"]) == ("undone", 0), (row.state, row.error, row.counts)
        return dict(row.counts)


def _work(factory: Any, id_: int) -> None:
    assert jobs.claim(factory, id_) == id_
    jobs.work(factory, id_)


def give_out(database: str, format_: str, table: str | None) -> str:
    """Return the plan as a file."""
    with unit_of_work(make_session_factory(make_engine(database)), writing=False) as session:
        return export(session, format_, table).text


def _measured(work: Callable[..., Any], *arguments: Any) -> tuple[Any, Cost]:
    began, cpu = time.monotonic(), time.process_time()
    result = work(*arguments)
    most_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result, (time.process_time() - cpu, time.monotonic() - began, most_mib)


def step(title: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """Do something in a new process, and print what it cost."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result, (cpu_s, passed_s, most_mib) = pool.submit(_measured, work, *arguments).result()
    told = result if isinstance(result, dict) else f"{len(result):,} octets"
    print(f"| {title} | {cpu_s:.1f} | {passed_s:.1f} | {most_mib:.0f} | {told} |", flush=True)
    return result


def measure(folder: Path, subnets: int, reservations: int) -> None:
    """Print the table; a file that does not come back the same is an error."""
    print("| step | CPU s | passed s | most MiB | result |\n|---|---|---|---|---|")
    one, other = (f"sqlite:///{folder}/{name}.db" for name in ("one", "other"))
    if subnets:
        step(f"Kea, {subnets:,} subnets, in", take_in, one, "kea", kea(subnets))
        source = step("out", give_out, one, "kea", None)
        step("in again, empty database", take_in, other, "kea", source)
        again = step("out again", give_out, other, "kea", None)
        assert again == source
        counts = step("in again, same database", take_in, one, "kea", source)
        assert not {"create", "update", "conflict", "error"} & set(counts), counts
    if reservations:
        third, fourth = (f"sqlite:///{folder}/{name}.db" for name in ("third", "fourth"))
        networks, hosts = tables(reservations)
        for database in (third, fourth):
            take_in(database, "csv", networks)
        step(f"CSV, {reservations:,} reservations, in", take_in, third, "csv", hosts)
        source = step("out", give_out, third, "csv", "reservations")
        step("in again, empty database", take_in, fourth, "csv", source)
        assert step("out again", give_out, fourth, "csv", "reservations") == source
        step("other host names for all, in", take_in, third, "csv", hosts.replace(",host-", ",renamed-"))
        step("the host names taken back", take_back, third)
        assert give_out(third, "csv", "reservations") == source
        step("the reservations taken back", take_back, third)
        assert give_out(third, "csv", "reservations").count("\n") == 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subnets", type=int, default=1000)
    parser.add_argument("--reservations", type=int, default=50_000)
    wish = parser.parse_args()
    with TemporaryDirectory() as folder_name:
        measure(Path(folder_name), wish.subnets, wish.reservations)
