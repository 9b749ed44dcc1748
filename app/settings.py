"""How does the environment configure the product?"""

from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.services.actors import ROLES


class OidcSettings(BaseSettings):
    """How people sign in at an OpenID provider, from LEASEBOARD_OIDC_*; off while there is no issuer."""

    model_config = SettingsConfigDict(env_prefix="LEASEBOARD_OIDC_", frozen=True)

    issuer: str = Field(default="", description="https://..., as the provider writes it")
    client_id: str = ""
    client_secret: str = Field(default="", repr=False, description="empty = a public client, PKCE alone")
    scopes: str = "openid profile email"
    role_claim: str = Field(
        default="", description="claim with roles; a.b goes into objects; empty = roles, else groups"
    )
    roles: str = Field(
        default="", description="VALUE=ROLE, comma separated; empty = viewer, operator, admin themselves"
    )
    default_role: Literal["", "viewer", "operator", "admin"] = Field(
        default="", description="for whom the claim gives none; empty = they are refused"
    )
    button: str = Field(default="Sign in with OpenID Connect", min_length=1, max_length=60)

    @property
    def role_of_value(self) -> dict[str, str]:
        """The role that each value of the claim gives."""
        pairs = [part.rpartition("=") for part in self.roles.split(",") if part.strip()]
        return {value.strip(): role.strip() for value, _, role in pairs} or {role: role for role in ROLES}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.issuer:
            return self
        if not self.client_id:
            raise ValueError("LEASEBOARD_OIDC_CLIENT_ID is missing")
        if not safe(self.issuer):
            raise ValueError(f"LEASEBOARD_OIDC_ISSUER must begin with https://, and {self.issuer!r} does not")
        wrong = {value: role for value, role in self.role_of_value.items() if role not in ROLES or not value}
        if wrong:
            raise ValueError(f"LEASEBOARD_OIDC_ROLES wants VALUE=viewer|operator|admin, not {wrong}")
        return self


def safe(url: str) -> bool:
    """Tell whether secrets may be sent to an address: by TLS, or without it to this very host."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        loopback = parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
    return parts.scheme == "http" and loopback


class Settings(BaseSettings):
    """Frozen settings, read from LEASEBOARD_* variables."""

    model_config = SettingsConfigDict(env_prefix="LEASEBOARD_", frozen=True)

    database_url: str = "sqlite:///var/leaseboard.db"
    listen: str = "127.0.0.1:8000"
    interfaces: str = Field(default="", description="comma separated; empty = every Ethernet interface")
    dhcp_port: int = Field(default=67, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64, description="DHCP workers on this host; 1 on SQLite")
    secure_cookies: bool = False
    public_url: str = Field(default="", description="how browsers reach the pages; empty = as each request says")
    oidc: OidcSettings = Field(default_factory=OidcSettings)
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
