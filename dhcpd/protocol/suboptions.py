"""How are options inside an option written?

43 and its like (RFC 2132 §8.4):    code, length, value, again and again
125 (RFC 3925 §4):                  enterprise number (4), length of all its sub-options (1), these as above; again
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from dhcpd.protocol.definitions import ENTERPRISE, OptionDefinition
from dhcpd.protocol.errors import OptionValueError
from dhcpd.protocol.kind import Json, Kind, shown, want_int, want_list, want_object, want_str
from dhcpd.protocol.scalars import OPAQUE

SUBOPTIONS: Final = "suboptions"
VENDOR_OPTIONS: Final = "vendor-options"
Find = Callable[[object, str], OptionDefinition | None]
Encode = Callable[[OptionDefinition, object], bytes]
Decode = Callable[[OptionDefinition, bytes], Json]


class SubOptions:
    """Writes and reads the sub-options of a space with the definitions of a catalogue."""

    def __init__(self, find: Find, encode: Encode, decode: Decode) -> None:
        """Take the catalogue's ways."""
        self._find, self._encode, self._decode = find, encode, decode

    def kinds(self) -> dict[str, Kind]:
        """Return the two kinds of options that hold others."""
        example: Json = {"space": "pxe", "options": [{"option": "discovery-control", "value": 8}]}
        vendor: Json = [{"enterprise": 4491, "options": [{"option": 2, "value": ["192.0.2.1"]}]}]
        return {
            SUBOPTIONS: Kind(
                SUBOPTIONS, "sub-options of a vendor space, or hexadecimal digits", example, self._write, self._read
            ),
            VENDOR_OPTIONS: Kind(
                VENDOR_OPTIONS,
                "a list of enterprise numbers, each with its sub-options",
                vendor,
                self._write_enterprises,
                self._read_enterprises,
            ),
        }

    def _write(self, value: object) -> bytes:
        if isinstance(value, str):
            return OPAQUE.encode(value)
        given = want_object(value, "space", "options")
        return self._write_all(given["options"], want_str(given["space"], "the name of a vendor space"))

    def _write_all(self, rows: object, space: str) -> bytes:
        return b"".join([self._write_one(row, space) for row in want_list(rows, "a sub-option")])

    def _write_one(self, row: object, space: str) -> bytes:
        given = want_object(row, "option", "value")
        definition = self._find(given["option"], space)
        if definition is None:
            code, data = self._bare(given["option"], space), OPAQUE.encode(given["value"])
        else:
            code = definition.code
            try:
                data = self._encode(definition, given["value"])
            except OptionValueError as error:
                raise OptionValueError(f"has a bad sub-option: {error}") from None
        if len(data) > 255:
            raise OptionValueError(f"has a sub-option {code} of {len(data)} octets: at most 255 fit")
        return bytes((code, len(data))) + data

    def _bare(self, option: object, space: str) -> int:
        """Return the code of a sub-option without a definition: its value is hexadecimal digits."""
        if isinstance(option, str) and option.strip().isdecimal():
            option = int(option.strip()[:9])
        if isinstance(option, str):
            raise OptionValueError(f"has an unknown sub-option: the space {shown(space)} has no {shown(option)}")
        return want_int(option, 1, 254)

    def _read(self, data: bytes) -> Json:
        """Return sub-options by their codes, in no vendor's space; octets that are none as digits."""
        try:
            return {"space": "", "options": self._read_all(data, "")}
        except OptionValueError:
            return OPAQUE.decode(data)

    def _read_all(self, data: bytes, space: str) -> Sequence[Json]:
        rows: list[Json] = []
        at = 0
        while at < len(data):
            code, start = data[at], at + 2
            end = start + data[at + 1] if start <= len(data) else len(data) + 1
            if end > len(data) or code in (0, 255) or end == start:
                raise OptionValueError("has a sub-option that is cut short")
            rows.append(self._read_one(code, data[start:end], space))
            at = end
        return rows

    def _read_one(self, code: int, data: bytes, space: str) -> Mapping[str, Json]:
        definition = self._find(code, space)
        if definition is not None:
            try:
                value = self._decode(definition, data)
                if self._encode(definition, value) == data:
                    return {"option": definition.name, "value": value}
            except OptionValueError:
                pass  # not as the definition says: shown as octets
        return {"option": code, "value": data.hex()}

    def _write_enterprises(self, value: object) -> bytes:
        data = b""
        for row in want_list(value, "an enterprise with its sub-options"):
            given = want_object(row, "enterprise", "options")
            number = want_int(given["enterprise"], 0, 0xFFFFFFFF)
            inner = self._write_all(given["options"], f"{ENTERPRISE}{number}")
            if len(inner) > 255:
                raise OptionValueError(f"has {len(inner)} octets for enterprise {number}: at most 255 fit")
            data += number.to_bytes(4, "big") + bytes((len(inner),)) + inner
        return data

    def _read_enterprises(self, data: bytes) -> Json:
        rows: list[Json] = []
        at = 0
        while at < len(data):
            number = int.from_bytes(data[at : at + 4], "big")
            end = at + 5 + data[at + 4] if at + 5 <= len(data) else len(data) + 1
            if end > len(data):
                raise OptionValueError("has an enterprise that is cut short")
            options = self._read_all(data[at + 5 : end], f"{ENTERPRISE}{number}")
            rows.append({"enterprise": number, "options": options})
            at = end
        return rows
