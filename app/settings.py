"""How does the environment configure the product?"""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Frozen settings, read from LEASEBOARD_* variables."""

    model_config = SettingsConfigDict(env_prefix="LEASEBOARD_", frozen=True)

    database_url: str = "sqlite:///var/leaseboard.db"
    listen: str = "127.0.0.1:8000"
    interfaces: str = Field(default="", description="comma separated; empty = every Ethernet interface")
    dhcp_port: int = Field(default=67, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64, description="DHCP workers on this host; 1 on SQLite")
    secure_cookies: bool = False
    webhook_allow: str = Field(
        default="",
        description="prefixes, comma separated, that webhooks may reach although they are loopback or link-local",
    )
    smtp: str = Field(default="", description="HOST:PORT of the mail server for alerts; empty = no mail")
    smtp_from: str = Field(default="leaseboard@localhost", description="sender of the mail")
    api_requests_per_minute: int = Field(default=6000, ge=0, le=10**9, description="of one caller; 0 = no limit")

    @property
    def interface_list(self) -> list[str]:
        """The interfaces to serve."""
        return [name.strip() for name in self.interfaces.split(",") if name.strip()]

    @property
    def host_port(self) -> tuple[str, int]:
        """The address and port of the web server."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]") or "127.0.0.1", int(port)


PROJECT = Path(__file__).resolve().parent.parent
