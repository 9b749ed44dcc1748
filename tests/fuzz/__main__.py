"""Fuzz decoder and engine, guided by coverage: `python -m tests.fuzz --inputs 1000000` (`make fuzz`)."""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.seeds import random_input, seeds


def main() -> int:
    """Run libFuzzer (through atheris) in a process of its own and tell what it did; 1 when it found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--guided", metavar="FOLDER", help=argparse.SUPPRESS)
    arguments, passed = parser.parse_known_args()
    if arguments.guided:
        return guided(arguments.guided, arguments.inputs, passed)
    with TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        fill(corpus)
        words = [sys.executable, "-m", "tests.fuzz", "--inputs", str(arguments.inputs), "--guided", str(corpus)]
        began = time.monotonic()
        done = subprocess.run([*words, *passed], stderr=subprocess.PIPE, text=True)
        report(done.stderr, time.monotonic() - began, done.returncode)
    return done.returncode


def fill(corpus: Path) -> None:
    """Write the seeds and some random descendants of them."""
    from random import Random

    random = Random(1)
    for number, data in enumerate([*seeds(), *(random_input(random) for _ in range(500))]):
        (corpus / f"{number:04}").write_bytes(data)


def guided(corpus: str, inputs: int, passed: list[str]) -> int:
    """Instrument dhcpd and give the process to libFuzzer."""
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]  # `make fuzz` installs it

    with atheris.instrument_imports(include=["dhcpd"]):
        from tests.fuzz.target import Target
    target = Target()
    options = [f"-runs={inputs}", "-max_len=1500", "-print_final_stats=1", "-timeout=10", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], *options, *passed, corpus], lambda data: target.judge(data) and None)
    atheris.Fuzz()
    return 0


def report(log: str, seconds: float, code: int) -> None:
    """Print one line: inputs, seconds, coverage at the start and at the end; the find when there is one."""
    executed = re.search(r"number_of_executed_units: (\d+)", log)
    coverage = [int(value) for value in re.findall(r" cov: (\d+)", log)]
    started = re.search(r"INITED cov: (\d+)", log)
    if code:
        print(log[-6000:])
    first, last = int(started[1]) if started else 0, max(coverage, default=0)
    inputs = int(executed[1]) if executed else 0
    print(f"{inputs:,} inputs in {seconds:.0f} s, coverage {first} -> {last} (+{last - first}), exit code {code}")


if __name__ == "__main__":
    sys.exit(main())
