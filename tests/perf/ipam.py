"""What do use, tree, free space and next address cost with 10,000 subnets and 1,000,000 leases, and by which plans?

python -m tests.perf.ipam DATABASE_URL     an empty database; it is filled, and stays
"""

import statistics
import sys
import time
from collections.abc import Callable
from ipaddress import IPv4Address

from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session

from app.database import make_engine
from app.migrate import upgrade
from app.models import KnownAddress, LeaseBlock, Pool, Subnet
from app.models.base import utc_now
from app.models.types import pack_address
from app.services import nesting, space, usage, use_samples
from app.services.addresses import describe
from app.services.spans import address_of, key

SUBNETS, LEASES_EACH = 10_000, 100
BASE = int(IPv4Address("10.0.0.0"))
RUNS = 15
COLUMNS = (
    "ip", "state", "subnet_id", "client_key", "mac", "client_id", "hostname", "vendor_class", "started_at",
    "renewed_at", "expires_at", "renewals", "relay", "relay_info", "worker",
)  # fmt: skip


def fill(engine: Engine) -> None:
    """Plan 10.0.0.0/8 with 10,000 /24, a pool, two static addresses and 100 leases in each."""
    with Session(engine) as session:
        session.connection(execution_options={"writing": True})
        session.add(
            Subnet(first=IPv4Address(BASE), last=IPv4Address(BASE + 2**24 - 1), prefix_len=8, dhcp_enabled=False)
        )
        rows = [(BASE + 256 * n, n + 2) for n in range(SUBNETS)]
        session.add_all(
            Subnet(
                id=id_, first=IPv4Address(f), last=IPv4Address(f + 255), prefix_len=24, gateway=IPv4Address(f + 1)
            )
            for f, id_ in rows
        )
        session.flush()
        session.add_all(Pool(subnet_id=i, first=IPv4Address(f + 50), last=IPv4Address(f + 249)) for f, i in rows)
        session.add_all(KnownAddress(ip=IPv4Address(f + 9 + k), subnet_id=i) for f, i in rows for k in (0, 1))
        marks = {50 // 64 + k: 0 for k in range(3)}
        for host in range(50, 50 + LEASES_EACH):
            marks[host // 64] |= 1 << host % 64
        session.add_all(
            LeaseBlock(block=(f >> 6) + k, active=bits - (1 << 64) if bits >> 63 else bits, declined=0)
            for f, _ in rows
            for k, bits in marks.items()
        )
        session.commit()
    fill_leases(engine)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))


def fill_leases(engine: Engine) -> None:
    """Write the leases that the blocks tell of."""
    with engine.execution_options(writing=True).begin() as connection:
        if engine.dialect.name == "sqlite":
            marks = ", ".join("?" * len(COLUMNS))
            statement = f"INSERT INTO leases ({', '.join(COLUMNS)}) VALUES ({marks})"
            connection.exec_driver_sql(statement, [_lease(n) for n in range(SUBNETS * LEASES_EACH)])
            return
        mac = "decode('02' || lpad(to_hex(i), 10, '0'), 'hex')"
        ip = f"'0.0.0.0'::inet + ({BASE}::bigint + (i / 100) * 256 + 50 + mod(i, 100))"
        values = f"{ip}, 'active', i / 100 + 2, {mac}, {mac}, '', '', '', 1, 1, 4000000000, 0, NULL, '', 'w'"
        numbers = f"generate_series(0, {SUBNETS * LEASES_EACH - 1}) AS n(i)"
        connection.exec_driver_sql(f"INSERT INTO leases ({', '.join(COLUMNS)}) SELECT {values} FROM {numbers}")


def _lease(number: int) -> tuple[object, ...]:
    ip = pack_address(IPv4Address(BASE + number // 100 * 256 + 50 + number % 100))
    mac = b"\2" + number.to_bytes(5, "big")
    return (ip, "active", number // 100 + 2, mac, mac, b"", "", "", 1, 1, 4_000_000_000, 0, None, b"", "w")


def measure(engine: Engine, name: str, work: Callable[[Session], object]) -> None:
    """Print how long a question takes, and the plans of its queries."""
    times = []
    for _ in range(RUNS):
        with Session(engine) as session:
            began = time.perf_counter()
            work(session)
            times.append((time.perf_counter() - began) * 1000)
    print(f"{name:44} median {statistics.median(times):7.1f} ms   worst {max(times):7.1f} ms", flush=True)
    for line in plans(engine, work):
        print(f"      {line}")


def plans(engine: Engine, work: Callable[[Session], object]) -> list[str]:
    """Return one line for each table that the queries read, and how."""
    seen: list[tuple[str, object]] = []

    def note(conn: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    with Session(engine) as session:
        work(session)
    event.remove(engine, "before_cursor_execute", note)
    found: dict[str, None] = {}
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        for statement, parameters in seen:
            for row in connection.exec_driver_sql(explain + statement, parameters):  # type: ignore[arg-type]  # as recorded
                line = str(row[-1])
                if any(word in line for word in ("SCAN", "SEARCH", "Scan")):
                    found[line.split("(cost")[0].strip(" ->")[:110]] = None
    return list(found)


def main(url: str) -> None:
    engine = make_engine(url)
    upgrade(engine)
    with Session(engine) as session:
        empty = session.scalar(select(Subnet.id).limit(1)) is None
    if empty:
        fill(engine)

    def rows(session: Session, start: int, count: int) -> list[Subnet]:
        return list(session.scalars(select(Subnet).where(Subnet.id.between(start, start + count - 1))))

    first = address_of(key(IPv4Address(BASE + 256 * 5000)))
    measure(engine, "use of one subnet", lambda s: usage.usage(s, rows(s, 5000, 1)))
    measure(engine, "use of a page of 100 subnets", lambda s: usage.usage(s, rows(s, 5000, 100)))
    measure(engine, "use of 10.0.0.0/8, all nested in it", lambda s: usage.usage(s, rows(s, 1, 1)))
    measure(engine, "use of all pools, compared with the last", lambda s: use_samples.compare(s, utc_now()))
    measure(engine, "places in the tree of all 10,001", lambda s: nesting.tree(s))
    measure(engine, "home of an address", lambda s: nesting.home_of(s, first))
    measure(engine, "grid of a /24", lambda s: describe(s, [IPv4Address(int(first) + n) for n in range(256)]))
    measure(engine, "next address of a /24", lambda s: space.next_address(s, 5002))
    measure(engine, "free /24s of the /8", lambda s: space.free_space(s, rows(s, 1, 1)[0], 24))
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
