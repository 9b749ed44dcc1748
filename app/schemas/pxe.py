"""What is told of network boot to make the classes for it?"""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from app.schemas.fields import OptionalAddress, Shape, blank_to_none

File = Annotated[Annotated[str, Field(max_length=127)] | None, BeforeValidator(blank_to_none)]
Url = Annotated[
    Annotated[str, Field(max_length=255, pattern=r"^https?://[\x21-\x7e]+$")] | None, BeforeValidator(blank_to_none)
]


class PxePreset(Shape):
    """Boot files by firmware; for one that is left out no class is made. Files are read by TFTP, URLs by HTTP.

    ipxe_script: what iPXE loads once a file above has started it, a URL or a file.
    """

    prefix: str = Field("pxe", min_length=1, max_length=30, pattern=r"^[a-z][a-z0-9-]*$")
    tftp_server: OptionalAddress = None
    bios: File = Field(None, description="BIOS, such as undionly.kpxe")
    uefi_x64: File = Field(None, description="UEFI on x86-64 (types 7 and 9), such as ipxe.efi or shimx64.efi")
    uefi_ia32: File = Field(None, description="UEFI on 32-bit x86 (type 6)")
    uefi_arm64: File = Field(None, description="UEFI on 64-bit ARM (type 11)")
    http_x64: Url = Field(None, description="HTTP boot on x86-64 (type 16)")
    http_ia32: Url = Field(None, description="HTTP boot on 32-bit x86 (type 15)")
    http_arm64: Url = Field(None, description="HTTP boot on 64-bit ARM (type 19)")
    ipxe_script: File = Field(None, description="what iPXE loads, such as http://boot.example/menu.ipxe")

    @model_validator(mode="after")
    def _has_files(self) -> "PxePreset":
        files = (self.bios, self.uefi_x64, self.uefi_ia32, self.uefi_arm64)
        if any(files) and self.tftp_server is None:
            raise ValueError("tftp_server is needed for files that are read by TFTP")
        if not any((*files, self.http_x64, self.http_ia32, self.http_arm64, self.ipxe_script)):
            raise ValueError("name at least one boot file")
        return self
