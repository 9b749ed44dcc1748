"""What is a kind of option value, and which checks do the kinds share?

A check raises OptionValueError with the second half of a sentence; its first half is the option's name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dhcpd.protocol.errors import OptionValueError

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of value is written in JSON and on the wire.

    `encode` takes anything and `decode` any octets: both raise OptionValueError for what the kind cannot be.
    `summary` completes "the value is ..."; `size` is the length in octets if every value has the same one.
    """

    name: str
    summary: str
    example: Json
    encode: Callable[[object], bytes]
    decode: Callable[[bytes], Json]
    size: int | None = None


def want_int(value: object, minimum: int, maximum: int) -> int:
    """Return `value` if it is a whole number in the range."""
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise OptionValueError(f"must be a whole number from {minimum} to {maximum}, not {shown(value)}")
    return value


def want_str(value: object, what: str = "a text") -> str:
    """Return `value` if it is a string."""
    if not isinstance(value, str):
        raise OptionValueError(f"must be {what}, not {shown(value)}")
    return value


def want_list(value: object, of: str, *, minimum: int = 1) -> Sequence[object]:
    """Return `value` if it is a list of at least `minimum` members; `of` names one member, with its article."""
    if not isinstance(value, list | tuple):
        raise OptionValueError(f"must be a list, each member {of}, not {shown(value)}")
    if len(value) < minimum:
        raise OptionValueError(f"needs at least one member, {of}")
    return value


def want_object(value: object, *names: str) -> Mapping[str, object]:
    """Return `value` if it is an object with exactly the members `names`."""
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise OptionValueError(f"must be an object with {_listed(names)}, not {shown(value)}")
    return value


def want_size(data: bytes, size: int) -> None:
    """Refuse `data` that is not `size` octets long."""
    if len(data) != size:
        raise OptionValueError(f"needs {count(size)}, not {len(data)}")


def cut(data: bytes, size: int) -> list[bytes]:
    """Return `data` in pieces of `size` octets; refuse an odd length and nothing at all."""
    if not data or len(data) % size:
        raise OptionValueError(f"needs a multiple of {count(size)}, not {len(data)}")
    return [data[start : start + size] for start in range(0, len(data), size)]


def count(size: int) -> str:
    """Return a number of octets in words."""
    return "1 octet" if size == 1 else f"{size} octets"


def shown(value: object) -> str:
    """Return `value` as a message quotes it, cut to a readable length."""
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _listed(names: tuple[str, ...]) -> str:
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
