"""How are domain names written in an option? (RFC 1035 §3.1 and §4.1.4, RFC 3397 §2)

3 e n g  5 a p p l e  3 c o m  0   9 m a r k e t i n g  C0 04
                                                        ^ pointer: go on at octet 4, "apple"
"""

from typing import Final

from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json, Kind, shown, want_list, want_str

_MAX_LABEL: Final = 63
_MAX_NAME: Final = 255
_POINTER: Final = 0xC0
_MAX_OFFSET: Final = 0x3FFF


def encode_name(name: str) -> bytes:
    """Return a domain name as labels and the root, uncompressed."""
    return b"".join([bytes((len(label),)) + label for label in split_labels(name)]) + b"\0"


def split_labels(name: str) -> list[bytes]:
    """Return the labels of a name, which may end with a dot; raise OptionValueError if it is no domain name."""
    try:
        labels = name.removesuffix(".").encode("ascii").split(b".")
    except UnicodeEncodeError:
        raise OptionValueError(
            f'needs domain names in ASCII (international ones in their "xn--" form), not {shown(name)}'
        ) from None
    if not all(_is_label(label) for label in labels):
        raise OptionValueError(
            f"needs domain names whose labels have 1 to {_MAX_LABEL} letters, digits or hyphens, not {shown(name)}"
        )
    if sum(len(label) + 1 for label in labels) >= _MAX_NAME:
        raise OptionValueError(f"needs domain names of at most {_MAX_NAME - 2} characters, not {shown(name)}")
    return labels


def _is_label(label: bytes) -> bool:
    return 0 < len(label) <= _MAX_LABEL and label.replace(b"-", b"").replace(b"_", b"").isalnum()


def decode_name(data: bytes, position: int) -> tuple[str, int]:
    """Return the name at `position`, pointers followed, and the position after it.

    A pointer must lead further back than everything read so far of this name, so the walk ends.
    """
    labels: list[bytes] = []
    after = 0
    lowest = position
    while True:
        length = _octet(data, position)
        if length >= _POINTER:
            target = (length & 0x3F) << 8 | _octet(data, position + 1)
            after = after or position + 2
            if target >= lowest:
                raise OptionValueError("has a compression pointer that does not point back")
            position = lowest = target
        elif length > _MAX_LABEL:
            raise OptionValueError("has a label of an unknown type")
        elif length == 0:
            return ".".join(_label_text(label) for label in labels), after or position + 1
        else:
            label = data[position + 1 : position + 1 + length]
            if len(label) < length:
                raise OptionValueError("has a domain name that is cut short")
            labels.append(label)
            if sum(map(len, labels)) + len(labels) >= _MAX_NAME:
                raise OptionValueError("has a domain name that is too long")
            position += 1 + length


def _octet(data: bytes, position: int) -> int:
    if position >= len(data):
        raise OptionValueError("has a domain name that is cut short")
    return data[position]


def _label_text(label: bytes) -> str:
    """Return the label; octets outside a host name's as a backslash and three digits (RFC 1035 §5.1)."""
    if _is_label(label):
        return label.decode("ascii")
    plain = b"-_" + bytes(range(0x30, 0x3A)) + bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B))
    return "".join(chr(octet) if octet in plain else f"\\{octet:03d}" for octet in label)


def encode_names(names: list[str]) -> bytes:
    """Return the names one after another, each ending in a pointer where an earlier one ends alike.

    RFC 3397 §2: offsets count from the first octet of the value, all instances of the option joined.
    """
    data = bytearray()
    offsets: dict[tuple[bytes, ...], int] = {}
    for name in names:
        labels = tuple(split_labels(name))
        for index, label in enumerate(labels):
            suffix = labels[index:]
            if suffix in offsets:
                data += (_POINTER << 8 | offsets[suffix]).to_bytes(2, "big")
                break
            if len(data) <= _MAX_OFFSET:
                offsets[suffix] = len(data)
            data += bytes((len(label),)) + label
        else:
            data += b"\0"
    return bytes(data)


def decode_names(data: bytes) -> list[str]:
    """Return the names in `data`, at least one."""
    if not data:
        raise OptionValueError("needs at least one domain name")
    names = []
    position = 0
    while position < len(data):
        name, position = decode_name(data, position)
        names.append(name)
    return names


def _encode_domain(value: object) -> bytes:
    return encode_name(want_str(value, "a domain name"))


def _decode_domain(data: bytes) -> Json:
    name, position = decode_name(data, 0)
    if position != len(data):
        raise OptionValueError("has octets after the domain name")
    return name


def _want_names(value: object) -> list[str]:
    return [want_str(name, "domain names") for name in want_list(value, "a domain name")]


def _encode_domains(value: object) -> bytes:
    return encode_names(_want_names(value))


def _encode_plain_domains(value: object) -> bytes:
    return b"".join([encode_name(name) for name in _want_names(value)])


def _decode_domains(data: bytes) -> Json:
    return decode_names(data)


DOMAIN: Final = Kind("domain", "a domain name", "example.org", _encode_domain, _decode_domain)
DOMAINS: Final = Kind(
    "domains",
    "one or more domain names, compressed on the wire",
    ["example.org", "lab.example.org"],
    _encode_domains,
    _decode_domains,
)
PLAIN_DOMAINS: Final = Kind(
    "plain-domains", "one or more domain names", ["example.org"], _encode_plain_domains, _decode_domains
)
