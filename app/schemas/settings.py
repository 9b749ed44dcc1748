"""How does the global scope look from outside?"""

from pydantic import Field

from app.schemas.fields import OptionalAddress, OptionRows, Shape


class SettingsShape(Shape):
    """The global scope; times in seconds."""

    options: OptionRows = Field(default_factory=list)
    lease_time: int = Field(43200, ge=1, le=0xFFFFFFFF)
    min_lease_time: int = Field(60, ge=1, le=0xFFFFFFFF)
    max_lease_time: int = Field(604800, ge=1, le=0xFFFFFFFF)
    next_server: OptionalAddress = None
    boot_file: str | None = Field(None, max_length=127)
    offer_hold_s: int = Field(60, ge=1, le=3600)
    decline_hold_s: int = Field(86400, ge=1, le=31536000)
