"""Which classes boot machines over the network?

A PXE ROM sends option 60 "PXEClient:Arch:00007:..." and its processor type in option 93 (RFC 4578). It takes an
offer for one of a boot server when option 60 says "PXEClient"; option 43 with discovery control 8 has it load the
boot file of this offer instead of looking for boot servers (PXE 2.1 §2.2). UEFI HTTP boot sends "HTTPClient" and
ignores offers whose option 60 does not say the same (UEFI 2.5 §23.7). iPXE, once loaded, asks again with user class
"iPXE".
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.models import ClientClass
from app.schemas.client_classes import ClientClassIn
from app.schemas.pxe import PxePreset
from app.services import client_classes as classes
from app.services.actors import Actor

PXE: Final = (
    {"option": "vendor-class-identifier", "value": "PXEClient", "always": True},
    {
        "option": "vendor-encapsulated-options",
        "value": {"space": "pxe", "options": [{"option": "discovery-control", "value": 8}]},
        "always": True,
    },
)
HTTP: Final = ({"option": "vendor-class-identifier", "value": "HTTPClient", "always": True},)
NO_PROXY: Final = {
    "option": "etherboot",
    "value": {"space": "ipxe", "options": [{"option": "no-pxedhcp", "value": 1}]},
    "always": True,
}
FILE_BYTES: Final = 127


@dataclass(frozen=True, slots=True)
class Firmware:
    """A kind of firmware: field of the preset, class, processor types (RFC 4578 §2.1, IANA), vendor class."""

    field: str
    suffix: str
    types: tuple[int, ...]
    vendor_class: str
    title: str


FIRMWARE: Final = (
    Firmware("bios", "bios", (0,), "PXEClient", "BIOS"),
    Firmware("uefi_x64", "uefi-x64", (7, 9), "PXEClient", "UEFI on x86-64"),
    Firmware("uefi_ia32", "uefi-ia32", (6,), "PXEClient", "UEFI on 32-bit x86"),
    Firmware("uefi_arm64", "uefi-arm64", (11,), "PXEClient", "UEFI on 64-bit ARM"),
    Firmware("http_x64", "http-x64", (16,), "HTTPClient", "HTTP boot on x86-64"),
    Firmware("http_ia32", "http-ia32", (15,), "HTTPClient", "HTTP boot on 32-bit x86"),
    Firmware("http_arm64", "http-arm64", (19,), "HTTPClient", "HTTP boot on 64-bit ARM"),
)


def make_classes(session: Session, actor: Actor, preset: PxePreset) -> list[ClientClass]:
    """Make or replace the classes of a preset; raises Invalid or Conflict."""
    wanted = [_ipxe(preset)] if preset.ipxe_script else []
    wanted += [_class(preset, firmware) for firmware in FIRMWARE if getattr(preset, firmware.field)]
    return [_put(session, actor, data) for data in wanted]


def _put(session: Session, actor: Actor, data: ClientClassIn) -> ClientClass:
    row = classes.find_class(session, data.name)
    if row is None:
        return classes.create_class(session, actor, data)
    return classes.update_class(session, actor, row, data)


def _ipxe(preset: PxePreset) -> ClientClassIn:
    values: dict[str, Any] = {"options": [NO_PROXY], "position": 40}
    return ClientClassIn(
        name=f"{preset.prefix}-ipxe",
        description="iPXE, once a boot ROM has loaded it",
        expression='user_class == "iPXE"',
        next_server=preset.tftp_server,
        boot_file=preset.ipxe_script,
        **values,
    )


def _class(preset: PxePreset, firmware: Firmware) -> ClientClassIn:
    types = ", ".join(str(number) for number in firmware.types)
    file: str = getattr(preset, firmware.field)
    http = firmware.vendor_class == "HTTPClient"
    options: list[Any] = list(HTTP if http else PXE)
    if len(file) > FILE_BYTES:  # too long for the fixed field
        options.append({"option": "boot-file-name", "value": file, "always": True})
    chain = ' and not user_class == "iPXE"' if preset.ipxe_script else ""
    return ClientClassIn(
        name=f"{preset.prefix}-{firmware.suffix}",
        description=firmware.title,
        position=50,
        expression=f'vendor_class startswith "{firmware.vendor_class}" and architecture in ({types}){chain}',
        next_server=None if http else preset.tftp_server,
        boot_file=file if len(file) <= FILE_BYTES else None,
        options=options,
    )
