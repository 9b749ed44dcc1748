"""make bench: every server on this machine in one run, one table. Bounded: about 20 minutes with all parts.

make bench                                        everything; writes docs/performance.md and its chart
make bench ARGS="--servers kea-mt,leaseboard-sqlite --parts new,cpu"      a part; only prints
make bench ARGS="--parts micro"                   the steps of an exchange, no root needed
make bench ARGS="--speed 0.5"                     half the time for each bisection
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.perf import micro, report
from tests.perf.lab import Lab
from tests.perf.load import Clients
from tests.perf.measure import Measurement, Result, say
from tests.perf.servers import SERVERS, compiled, postgresql_programs, postgresql_url, start_postgresql
from tests.perf.targets import Target, check_all

SERVER_PARTS: Final = ("delay", "new", "light", "cpu", "renew", "link")
PARTS: Final = (*SERVER_PARTS, "targets", "micro")


def main() -> int:
    """Run the parts asked for; the exit status tells nothing of speed, only whether the run was complete."""
    asked = _arguments()
    parts, began = set(asked.parts), time.monotonic()
    machine = report.machine()
    results: list[Result] = []
    targets: list[Target] = []
    if parts - {"micro"}:
        if os.geteuid() != 0:
            say("network namespaces need root; --parts micro does not")
            return 77
        results, targets = _measure(parts, asked.servers, asked.speed)
    costs = _micro() if "micro" in parts else {}
    text = report.document(machine, results, targets, costs)
    print(text)
    say(f"took {time.monotonic() - began:.0f} s")
    Path("build").mkdir(exist_ok=True)
    Path("build/bench.json").write_text(json.dumps([r.row() for r in results], indent=1))
    if parts == set(PARTS) and len(results) == len(SERVERS):
        report.write(results, text)
        say(f"written: {report.PAGE.relative_to(Path.cwd())}, {report.CHART.relative_to(Path.cwd())}")
    return 1 if any(r.problem for r in results) else 0


def _measure(parts: set[str], keys: list[str], speed: float) -> tuple[list[Result], list[Target]]:
    results: list[Result] = []
    lab = Lab()
    try:
        clients = Clients(lab)
        if parts & set(SERVER_PARTS):
            results = [Measurement(lab, clients, s, parts, speed).run() for s in SERVERS if s.key in keys]
        targets = report.compare(results)
        if "targets" in parts:
            targets += check_all(lab, clients)
            if any(key.startswith("compiled") for key in keys):
                targets += check_all(lab, clients, compiled(), ", compiled")
        return results, targets
    finally:
        lab.close()


def _micro() -> dict[str, dict[str, float]]:
    say("steps of an exchange")
    costs = {"SQLite": micro.run()}
    if postgresql_programs() is not None:
        with tempfile.TemporaryDirectory(prefix="leaseboard-perf-", dir="/tmp") as folder:
            daemon = start_postgresql(Path(folder))
            try:
                costs["PostgreSQL, this process alone"] = micro.run(postgresql_url(Path(folder)))
            finally:
                daemon.stop()
    return costs


def _arguments() -> argparse.Namespace:
    style = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__, formatter_class=style)
    keys = [server.key for server in SERVERS]
    parser.add_argument("--servers", type=_list_of(keys), default=keys, help=f"of {', '.join(keys)}")
    parser.add_argument("--parts", type=_list_of(PARTS), default=list(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--speed", type=float, default=1.0, help="factor for the time of each bisection")
    return parser.parse_args()


def _list_of(allowed: "tuple[str, ...] | list[str]"):  # type: ignore[no-untyped-def]  # an argparse type
    def parse(text: str) -> list[str]:
        found = [word.strip() for word in text.split(",") if word.strip()]
        unknown = [word for word in found if word not in allowed]
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(allowed)}")
        return found

    return parse


if __name__ == "__main__":
    sys.exit(main())
