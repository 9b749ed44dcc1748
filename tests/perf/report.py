"""How are the results told? One table, the targets, the micro-benchmarks, a chart; and in docs/performance.md."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.perf.measure import Rate, Result
from tests.perf.servers import ROOT
from tests.perf.serving import steadiness
from tests.perf.targets import Target

PAGE: Final = ROOT / "docs" / "performance.md"
CHART: Final = ROOT / "docs" / "performance.svg"
_BEGIN, _END = "<!-- bench: begin -->", "<!-- bench: end -->"


def machine() -> str:
    """Describe the machine in one sentence."""
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = re.search(r'^PRETTY_NAME="(.+)"', Path("/etc/os-release").read_text(), re.M)
    load = os.getloadavg()[0]
    return (
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{system[1] if system else platform.system()}, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}; load before the run {load:.1f}; {steadiness()}; "
        f"Kea {_version('kea-dhcp4', '-v')}, dnsmasq {_version('dnsmasq', '-v')}, "
        f"ISC dhcpd {_version('dhcpd', '--version')}; {datetime.now(UTC):%Y-%m-%d}."
    )


def _version(program: str, flag: str) -> str:
    try:
        done = subprocess.run([program, flag], capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "not installed"
    found = re.search(r"\d+\.\d+(?:\.\d+)?", done.stdout + done.stderr)
    return found[0] if found else "?"


def table(results: Sequence[Result]) -> str:
    """Return the comparison as a Markdown table; the ratio is to the quickest peer, durable or not."""
    best = max((rate.value for r in results if r.peer and (rate := _newcomers(r))), default=0)
    head = ("server", "durable", "new clients/s", "by a light generator", "ratio to best peer", "renewals/s",
            "on the link/s", "CPU us an exchange", "at /s", "p50 ms", "p99 ms", "memory MB")  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for r in results:
        if r.problem:
            lines.append(f"| {r.name} | {r.durable} | {r.problem} |" + " |" * 9)
            continue
        rate = _newcomers(r)
        ratio = f"{rate.value / best:.2f}" if rate and best else ""
        cells = (r.name, r.durable, _rate(r.new), _rate(r.light), ratio, _rate(r.renew), _rate(r.link), _cpu(r),
                 _number(r.cpu_rate), _number(r.p50_ms, 2), _number(r.p99_ms, 2), _number(r.memory_mb))  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _newcomers(result: Result) -> Rate | None:
    """Return the rate of new clients that is compared: the light generator's, which is least in the way."""
    return result.light or result.new


def _value(result: Result) -> float:
    rate = _newcomers(result)
    return rate.value if rate else 0


def _rate(rate: Rate | None) -> str:
    return "" if rate is None else ("≥ " if rate.at_least else "") + f"{rate.value:,.0f}"


def _cpu(result: Result) -> str:
    text = _number(result.cpu_us)
    return text if result.database_cpu_us is None else f"{text} + {_number(result.database_cpu_us)} (database)"


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def compare(results: Sequence[Result]) -> list[Target]:
    """Judge the targets that are ratios to peers measured in the same run."""
    by_key = {r.key: r for r in results}
    found: list[Target] = []
    kea = [by_key[k] for k in ("kea", "kea-mt") if k in by_key and _newcomers(by_key[k])]
    kea_postgresql = by_key.get("kea-postgresql")
    best = max(kea, key=_value, default=None)
    for what, keys, peer, wanted in (
        ("SQLite, durable, new clients", ("leaseboard-sqlite", "compiled-sqlite"), best, 2),
        ("PostgreSQL, durable, new clients", ("leaseboard-postgresql", "compiled-postgresql"), kea_postgresql, 8),
    ):
        ours = [by_key[key] for key in keys if key in by_key]
        if peer and _value(peer) and any(map(_value, ours)):
            found.append(_ratio(what, max(ours, key=_value), peer, wanted))
    costs = [r.cpu_us for r in kea if r.cpu_us is not None]
    for key, build in (("leaseboard-sqlite", ""), ("compiled-sqlite", ", compiled")):
        own = by_key.get(key)
        if own and own.cpu_us is not None and costs:
            found.append(
                Target(f"CPU an exchange at {own.cpu_rate:,.0f}/s{build}", "<= Kea memfile's",
                       f"{own.cpu_us:.0f} us, Kea {min(costs):.0f} us", own.cpu_us <= min(costs))
            )  # fmt: skip
    return found


def _ratio(what: str, own: Result, peer: Result, wanted: float) -> Target:
    mine, theirs = _newcomers(own), _newcomers(peer)
    assert mine is not None and theirs is not None
    ratio = mine.value / max(1.0, theirs.value)
    measured = f"{ratio:.2f} x ({own.name} {_rate(mine)}/s, {peer.name} {_rate(theirs)}/s)"
    return Target(what, f">= {wanted:g} x {peer.name}", measured, ratio >= wanted)


def targets_table(targets: Sequence[Target]) -> str:
    """Return the targets as a Markdown table."""
    lines = ["| what | target | measured | met |", "|---|---|---|---|"]
    lines += [f"| {t.what} | {t.target} | {t.measured} | {'yes' if t.met else 'no'} |" for t in targets]
    return "\n".join(lines)


def micro_table(costs: dict[str, dict[str, float]]) -> str:
    """Return the micro-benchmarks, a column for each database."""
    steps = list(dict.fromkeys(step for each in costs.values() for step in each))
    lines = [f"| step | {' | '.join(f'{name}, us' for name in costs)} |", "|---|" + "---|" * len(costs)]
    lines += [f"| {step} | {' | '.join(_number(each.get(step), 1) for each in costs.values())} |" for step in steps]
    return "\n".join(lines)


def chart(results: Sequence[Result]) -> str:
    """Return an SVG with a bar for each server's new clients and renewals a second."""
    shown = [r for r in results if r.new]
    most = max((rate.value for r in shown for rate in (r.new, r.renew) if rate), default=1) or 1
    parts, y = [], 34
    for r in shown:
        parts.append(f'<text x="190" y="{y + 15}" text-anchor="end">{r.name}</text>')
        new_color, renew_color = ("#d9480f", "#f59f00") if r.peer else ("#206bc4", "#4299e1")
        for rate, color, dy in ((r.new, new_color, 0), (r.renew, renew_color, 12)):
            if rate is not None:
                width = max(1.0, 420 * rate.value / most)
                parts.append(f'<rect x="200" y="{y + dy}" width="{width:.1f}" height="11" fill="{color}"/>')
                parts.append(f'<text x="{206 + width:.0f}" y="{y + dy + 10}" class="n">{_rate(rate)}</text>')
        y += 34
    style = "text{font:13px sans-serif;fill:#626976}.n{font-size:11px}"
    title = "Exchanges a second at under 1 % drops: new clients above, renewals below"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {y + 6}" role="img" aria-label="{title}">'
        f'<style>{style}</style><text x="200" y="20">{title}</text>{"".join(parts)}</svg>\n'
    )


def document(
    described: str, results: Sequence[Result], targets: Sequence[Target], costs: dict[str, dict[str, float]]
) -> str:
    """Return all of it as Markdown; `described` is the machine, as it was before the run."""
    parts = [described]
    if results:
        parts.append(table(results))
    if targets:
        parts += ["### Targets", targets_table(targets)]
    if costs:
        parts += ["### Steps of an exchange", micro_table(costs)]
    return "\n\n".join(parts)


def write(results: Sequence[Result], text: str) -> None:
    """Put the results between the marks of docs/performance.md, and draw the chart beside it."""
    page = PAGE.read_text()
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}")
    CHART.write_text(chart(results))
