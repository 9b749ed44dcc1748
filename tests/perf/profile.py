"""Where does the time of an exchange go? Samples a worker under load; prints microseconds of CPU by layer.

    python -m tests.perf.profile [--compiled] [--rate 4000] [--seconds 8]

Needs root and `perf` (Debian: linux-perf). New clients behind a relay, SQLite, on a namespace of its own.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.perf.lab import Lab, cpu_s, run
from tests.perf.load import Clients, Sample
from tests.perf.servers import ROOT, compiled, start_leaseboard

SAMPLES_S: Final = 1999
"""Samples a second: a prime, so that nothing that happens at a fixed pace hides from them."""
IN_KERNEL: Final = (
    ("the kernel's path of packets out", r"sys_send"),
    ("the kernel's path of packets in", r"sys_recv"),
    ("waiting for packets: poll, sleep, wake-ups", r"sys_(epoll|p?poll|select|clock_nanosleep|futex)"),
    ("the journal and its syncs, in the kernel", r"sys_(f?data)?f?sync|sys_p?(read|write)|sys_fcntl|sys_fallocate"),
)
"""Of a sample in the kernel the system call tells the layer."""
BY_FILE: Final = (
    ("SQLite", r"sqlite"),
    ("ours, compiled", r"/(dhcpd|app)/|__mypyc"),
    ("Python: interpreter and objects", r"python"),
    ("the C library", r"libc|ld-linux|vdso|libm|libcrypto"),
)
"""Of a sample in the process the file that holds the code."""
_FRAME: Final = re.compile(r"\s+[0-9a-f]+ (.*) \((.*)\)$")
Stack = list[tuple[str, str]]
"""(symbol, file), the innermost first."""


def stacks(lines: Iterable[str]) -> Iterator[Stack]:
    """Yield the stack of each sample of `perf script`."""
    stack: Stack = []
    for line in lines:
        frame = _FRAME.match(line.rstrip("\n"))
        if frame:
            stack.append((frame[1], frame[2]))
        elif stack:
            yield stack
            stack = []
    if stack:
        yield stack


def layer(stack: Stack) -> str:
    """Return the layer that a sample belongs to."""
    file = stack[0][1]
    if "kernel" not in file:
        return next((name for name, pattern in BY_FILE if re.search(pattern, file)), "other")
    calls = " ".join(symbol for symbol, where in stack if "kernel" in where)
    return next((name for name, pattern in IN_KERNEL if re.search(pattern, calls)), "the kernel's rest")


def measure(rate: float, seconds: float, sources: Path) -> tuple[Sample, float, Counter[str]]:
    """Return what the clients saw, us of CPU an exchange, and the samples by layer."""
    lab = Lab()
    try:
        with tempfile.TemporaryDirectory(prefix="leaseboard-perf-", dir="/tmp") as folder:
            daemon = start_leaseboard(lab, Path(folder), f"sqlite:///{folder}/bench.db", sources=sources)
            try:
                return _sampled(Clients(lab), daemon.pid, Path(folder) / "perf.data", rate, seconds)
            finally:
                daemon.stop()
    finally:
        lab.close()


def _sampled(
    clients: Clients, pid: int, file: Path, rate: float, seconds: float
) -> tuple[Sample, float, Counter[str]]:
    clients.generator("relay", rate, 1)
    record = f"perf record -q -e cpu-clock -F {SAMPLES_S} -g -o {file} -p {pid} -- sleep {seconds + 1:g}"
    with ThreadPoolExecutor(1) as pool:
        before = cpu_s(pid)
        recorded = pool.submit(run, *record.split())
        sample = clients.generator("relay", rate, seconds)
        spent_us = (cpu_s(pid) - before) / max(1, sample.completed) * 1e6
        recorded.result()
    told = ("perf", "script", "-i", str(file), "-F", "comm,ip,sym,dso")
    with subprocess.Popen(told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as script:
        assert script.stdout is not None
        return sample, spent_us, Counter(map(layer, stacks(script.stdout)))


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiled", action="store_true", help="the build of the container image")
    parser.add_argument("--rate", type=float, default=4000)
    parser.add_argument("--seconds", type=float, default=8)
    given = parser.parse_args()
    sample, spent_us, found = measure(given.rate, given.seconds, compiled() if given.compiled else ROOT)
    total = sum(found.values())
    lines = [
        f"{sample.rate:,.0f}/s, {sample.drops:.2%} drops, {spent_us:.0f} us of CPU an exchange, {total} samples"
    ]
    lines += ["", "| layer | us an exchange | share |", "|---|---|---|"]
    lines += [f"| {n} | {spent_us * count / total:.1f} | {count / total:.0%} |" for n, count in found.most_common()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
