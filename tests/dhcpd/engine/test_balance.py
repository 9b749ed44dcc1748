"""Is every client exactly one host's, and everybody's once it has waited?"""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dhcpd.engine.balance import _MIX, BUCKETS, FALLBACK_SECS, Balance, bucket


def test_the_mixing_table_is_a_permutation() -> None:
    assert sorted(_MIX) == list(range(256))


def test_known_buckets_of_the_published_algorithm() -> None:
    """RFC 3074 §6, worked by hand: one octet k gives MIX[1 ^ k], then MIX[that ^ the octet before]."""
    assert bucket(b"") == 0
    assert bucket(b"\x00") == 175  # MIX[1]
    assert bucket(b"\x03\x00") == 177  # MIX[2 ^ 0] = 119, MIX[119 ^ 3]
    assert bucket(b"\x00\x03") == 253  # MIX[2 ^ 3] = 175, MIX[175 ^ 0]


@given(st.binary(max_size=64), st.integers(1, 9))
def test_one_host_takes_a_newcomer_and_all_take_one_that_waited(client: bytes, hosts: int) -> None:
    members = [Balance(rank, hosts) for rank in range(hosts)]
    assert sum(member.takes(client, 0) for member in members) == 1
    assert all(member.takes(client, FALLBACK_SECS) for member in members)


def test_hosts_share_the_buckets_evenly() -> None:
    shares = Counter(number * 3 // BUCKETS for number in range(BUCKETS))
    assert sorted(shares.values()) == [85, 85, 86]
