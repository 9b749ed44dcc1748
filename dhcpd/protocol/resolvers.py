"""How are encrypted DNS resolvers told to a client? (RFC 9463 §5.1, service parameters of RFC 9460 §2.2)

    +-----------------+----------+---------+------+-----------+-----------+------------------+
    | length, 2       | priority | ADN len | ADN  | addr len  | addresses | service params   |
    |                 | 2        | 1       |      | 1         |           |                  | ...
    +-----------------+----------+---------+------+-----------+-----------+------------------+

With the name alone (ADN-only mode) the addresses' length and what follows are left out.
"""

from collections.abc import Callable, Mapping
from typing import Final

from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json, Kind, shown, want_int, want_list, want_str
from dhcpd.protocol.names import DOMAIN
from dhcpd.protocol.records import Member, check_count
from dhcpd.protocol.scalars import IPS, OPAQUE, TEXT, U16

_NAME: Final = Member("name", DOMAIN, 1)
_ADDRESSES: Final = Member("addresses", IPS, 1)
_MEMBERS: Final = {"priority", "name", "addresses", "params"}


def _encode_alpn(value: object) -> bytes:
    return b"".join([Member("alpn", TEXT, 1).encode(item) for item in want_list(value, "a protocol such as “dot”")])


def _decode_alpn(data: bytes) -> Json:
    items: list[Json] = []
    at = 0
    while at < len(data):
        item, at = Member("alpn", TEXT, 1).take(data, at)
        items.append(item)
    return items


_PARAMS: Final[dict[str, tuple[int, Callable[[object], bytes], Callable[[bytes], Json]]]] = {
    "alpn": (1, _encode_alpn, _decode_alpn),
    "port": (3, U16.encode, U16.decode),
    "dohpath": (7, TEXT.encode, TEXT.decode),
}
_PARAM_NAMES: Final = {key: name for name, (key, _, _) in _PARAMS.items()}


def _encode_params(given: object) -> bytes:
    if not isinstance(given, Mapping):
        raise OptionValueError(f'needs an object as "params", not {shown(given)}')
    found: dict[int, bytes] = {}
    for name, value in given.items():
        if name in _PARAMS:
            key, encode, _ = _PARAMS[name]
            found[key] = encode(value)
        elif isinstance(name, str) and name[:3] == "key" and name[3:].isdecimal() and int(name[3:]) < 0xFFFF:
            found[int(name[3:])] = OPAQUE.encode(value) if value else b""
        else:
            raise OptionValueError(f"has no service parameter {shown(name)}: alpn, port, dohpath or keyN")
    return b"".join(
        key.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data for key, data in sorted(found.items())
    )


def _decode_params(data: bytes) -> Json:
    found: dict[str, Json] = {}
    at = 0
    while at < len(data):
        key, end = int.from_bytes(data[at : at + 2], "big"), at + 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data) or at + 4 > len(data):
            raise OptionValueError("has a service parameter that is cut short")
        value = data[at + 4 : end]
        name = _PARAM_NAMES.get(key)
        found[name or f"key{key}"] = _PARAMS[name][2](value) if name else value.hex()
        at = end
    return found


def _encode_one(row: object) -> bytes:
    if not isinstance(row, Mapping) or not {"priority", "name"} <= set(row) <= _MEMBERS:
        raise OptionValueError(f'needs objects with "priority", "name", "addresses" and "params", not {shown(row)}')
    data = want_int(row["priority"], 0, 0xFFFF).to_bytes(2, "big") + _NAME.encode(want_str(row["name"]))
    if row.get("addresses"):
        data += _ADDRESSES.encode(row["addresses"]) + _encode_params(row.get("params", {}))
    elif row.get("params"):
        raise OptionValueError("needs addresses where it has service parameters")
    return len(data).to_bytes(2, "big") + data


def _decode_one(data: bytes) -> Json:
    if len(data) < 3:
        raise OptionValueError("has a resolver that is cut short")
    name, at = _NAME.take(data, 2)
    row: dict[str, Json] = {"priority": int.from_bytes(data[:2], "big"), "name": name}
    if at < len(data):
        row["addresses"], at = _ADDRESSES.take(data, at)
        row["params"] = _decode_params(data[at:])
    return row


def _encode(value: object) -> bytes:
    return b"".join([_encode_one(row) for row in want_list(value, "a resolver")])


def _decode(data: bytes) -> Json:
    rows: list[Json] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data):
            raise OptionValueError("has a resolver that is cut short")
        rows.append(_decode_one(data[at + 2 : end]))
        check_count(rows)
        at = end
    return rows


RESOLVERS: Final = Kind(
    "resolvers",
    "a list of encrypted DNS resolvers",
    [{"priority": 1, "name": "dns.example.org", "addresses": ["192.0.2.53"], "params": {"alpn": ["dot"]}}],
    _encode,
    _decode,
)
