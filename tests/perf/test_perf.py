"""Does the benchmark find the highest rate, and does it read its generators right?"""

import pytest

from tests.perf.load import Sample, _parse_perfdhcp
from tests.perf.measure import Rate, Result, highest
from tests.perf.profile import layer, stacks
from tests.perf.report import chart, compare, table
from tests.perf.servers import SERVERS


def server(capacity: float, generator: float = 1e9) -> object:
    """Return a probe of a server that completes `capacity` a second; the generator sends `generator` at most."""

    def probe(rate: float) -> Sample:
        begun = min(rate, generator) * 3
        return Sample(rate, 3, int(begun), int(min(begun, capacity * 3)))

    return probe


@pytest.mark.parametrize("capacity", [18.0, 180, 14_000, 28_000])
@pytest.mark.parametrize("first", [10.0, 4000, 100_000])
def test_bisection_finds_the_capacity_from_below_and_from_above(capacity: float, first: float) -> None:
    found = highest(server(capacity), first, budget_s=5)  # type: ignore[arg-type]  # a probe
    assert capacity * 0.9 - 1 <= found.value <= capacity * 1.02 + 1
    assert not found.at_least


def test_rate_beyond_the_generator_is_marked() -> None:
    found = highest(server(1e6, generator=5000), 1000, budget_s=5)  # type: ignore[arg-type]  # a probe
    assert found.at_least
    assert 4500 <= found.value <= 5000


def test_server_that_answers_nobody_has_rate_zero() -> None:
    assert highest(server(0), 100, budget_s=5) == Rate(0)  # type: ignore[arg-type]  # a probe


def test_report_of_perfdhcp_is_read_from_begun_to_completed() -> None:
    text = """
***Statistics for: DISCOVER-OFFER***
sent packets: 3000
received packets: 2990

***Statistics for: REQUEST-ACK***
sent packets: 2990
received packets: 2985
"""
    sample = _parse_perfdhcp(text, 1000, 3)
    assert (sample.begun, sample.completed) == (3000, 2985)
    assert sample.passed


def test_output_that_is_no_report_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="no such device"):
        _parse_perfdhcp("no such device", 1000, 3)


def test_ratio_is_to_the_quickest_peer_and_a_problem_is_shown() -> None:
    kea = Result("kea", "Kea memfile", "no", True, new=Rate(10_000), renew=Rate(12_000))
    own = Result("leaseboard-sqlite", "Leaseboard on SQLite", "yes", False, new=Rate(25_000, at_least=True))
    broken = Result("isc", "ISC dhcpd", "yes", True, problem="dhcpd is not installed")
    text = table([kea, own, broken])
    assert "| ≥ 25,000 |  | 2.50 |" in text
    assert "dhcpd is not installed" in text
    assert [target.met for target in compare([kea, own, broken])] == [True]
    assert chart([kea, own, broken]).count("<rect") == 3


def test_what_the_light_generator_finds_is_compared() -> None:
    kea = Result("kea", "Kea memfile", "no", True, new=Rate(9_000), light=Rate(12_000))
    own = Result("leaseboard-sqlite", "Leaseboard on SQLite", "yes", False, new=Rate(10_000), light=Rate(18_000))
    assert "| 10,000 | 18,000 | 1.50 |" in table([kea, own])
    assert [target.measured[:6] for target in compare([kea, own])] == ["1.50 x"]


def test_every_server_has_a_way_to_start() -> None:
    from tests.perf.servers import _START

    assert {each.key for each in SERVERS} == set(_START)


def test_samples_of_a_profile_are_told_apart_by_system_call_and_by_file() -> None:
    script = """\
python
\tffffffff81c3 nf_hook_slow ([kernel.kallsyms])
\tffffffff81f5 __x64_sys_sendto ([kernel.kallsyms])
\t    7f40aa1c __sendto (/usr/lib/x86_64-linux-gnu/libc.so.6)

python
\tffffffff8158 jbd2_log_wait_commit ([kernel.kallsyms])
\tffffffff8159 __x64_sys_fdatasync ([kernel.kallsyms])

python
\t    7f40bb1c sqlite3BtreeInsert (/usr/lib/x86_64-linux-gnu/libsqlite3.so.0.8.6)

python
\t    7f40cc1c [unknown] (/srv/leaseboard/dhcpd/engine/decide.cpython-311-x86_64-linux-gnu.so)

python
\t    7f40dd1c _PyEval_EvalFrameDefault (/usr/local/lib/libpython3.11.so.1.0)
"""
    assert [layer(stack) for stack in stacks(script.splitlines())] == [
        "the kernel's path of packets out",
        "the journal and its syncs, in the kernel",
        "SQLite",
        "ours, compiled",
        "Python: interpreter and objects",
    ]
