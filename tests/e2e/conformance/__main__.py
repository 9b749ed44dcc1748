"""Ask every server the same questions: `python -m tests.e2e.conformance` (`make conformance`)."""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from xml.etree import ElementTree

SERVERS: Final = {"ours": "Leaseboard", "kea": "Kea 2.2", "dhcpd": "ISC dhcpd 4.4", "dnsmasq": "dnsmasq 2.90"}
PAGE: Final = Path("docs/conformance.md")
BEGIN, END = "<!-- table -->", "<!-- /table -->"
RUN_S: Final = 600
Outcomes = dict[str, tuple[str, str]]
"""Test id -> (RFC, passed | failed | not offered)."""


def main() -> int:
    """Run all four, print the table and put it into the page; 1 when our worker fails a case."""
    found = {server: run(server) for server in SERVERS}
    lines = table(found)
    print("\n".join(lines))
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.split(END)[1]}")
    alone = [name for name in found["ours"] if all(found[peer][name][1] == "failed" for peer in list(SERVERS)[1:])]
    print("\nfailed by all three peers:", *alone, sep="\n  ")
    return int(not found["ours"] or any(outcome != "passed" for _, outcome in found["ours"].values()))


def run(server: str) -> Outcomes:
    """Return the outcome of every case for one server."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = [sys.executable, "-m", "pytest", "-q", "tests/e2e/conformance", "--server", server]
        subprocess.run([*words, f"--junit-xml={report}"], stdout=subprocess.DEVNULL, timeout=RUN_S, check=False)
        return dict(read(case) for case in ElementTree.parse(report).iter("testcase"))


def read(case: ElementTree.Element) -> tuple[str, tuple[str, str]]:
    rfc = next((entry.get("value", "") for entry in case.iter("property") if entry.get("name") == "rfc"), "?")
    outcome = "passed"
    if case.find("skipped") is not None:
        outcome = "not offered"
    if case.find("failure") is not None or case.find("error") is not None:
        outcome = "failed"
    return f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}", (rfc, outcome)


def table(found: dict[str, Outcomes]) -> list[str]:
    """Return a row per RFC: passed / failed / not offered for each server."""
    lines = ["| RFC | cases | " + " | ".join(SERVERS.values()) + " |", "|---|---|" + "---|" * len(SERVERS)]
    groups = sorted({rfc for rfc, _ in found["ours"].values()}, key=lambda rfc: int(re.sub(r"\D", "", rfc) or 0))
    for group in groups:
        cells = [cell([o for rfc, o in outcomes.values() if rfc == group]) for outcomes in found.values()]
        count = sum(rfc == group for rfc, _ in found["ours"].values())
        lines.append(f"| {group} | {count} | " + " | ".join(cells) + " |")
    totals = [cell([o for _, o in outcomes.values()]) for outcomes in found.values()]
    return [*lines, f"| all | {len(found['ours'])} | " + " | ".join(totals) + " |"]


def cell(outcomes: list[str]) -> str:
    return " / ".join(str(outcomes.count(name)) for name in ("passed", "failed", "not offered"))


if __name__ == "__main__":
    sys.exit(main())
