"""How do users, tokens and sessions look from outside? Never with a secret."""

from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from app.models import LoginSession, Token, User
from app.models.base import values_of
from app.schemas.fields import Shape

Role = Literal["viewer", "operator", "admin"]
SubnetIds = Annotated[list[Annotated[int, Field(ge=1, le=2**31 - 1)]], Field(max_length=1000)]
Password = Annotated[str, Field(max_length=1000)]
Scope = Annotated[str, Field(pattern=r"^(([a-z-]{1,40}:)?(read|write))$", max_length=50)]


def _network(text: str) -> str:
    try:
        return str(ip_network(text.strip()))
    except ValueError:
        raise ValueError(f"{text!r} is not a prefix like 10.0.0.0/24") from None


class UserSettings(Shape):
    """What an admin may change; subnets null = everywhere, else the user sees and changes only what lies there."""

    name: str = Field(min_length=1, max_length=80)
    role: Role = "viewer"
    subnets: SubnetIds | None = None
    disabled: bool = False


class UserIn(UserSettings):
    """A new account; password null = signs in through the OpenID provider only."""

    password: Password | None = None


class UserOut(UserSettings):
    """An account as it is stored."""

    id: int
    source: Literal["local", "oidc"] = Field(
        description="who knows the person: this server, or the OpenID provider"
    )
    has_password: bool
    external_id: str | None
    created_at: datetime
    version: int


class PasswordIn(Shape):
    """A new password; one's own is changed with the current one."""

    password: Password
    current_password: Password | None = None


class TokenIn(Shape):
    """A new token.

    scopes: `read`, `write` (includes read), or for one resource `leases:read`, `subnets:write`; none = all that its
    user may do. user_id null = the caller.
    """

    name: str = Field(min_length=1, max_length=80)
    expires_at: AwareDatetime | None = None
    scopes: list[Scope] = Field(default_factory=list, max_length=50)
    subnets: SubnetIds | None = None
    allowed_networks: list[Annotated[str, AfterValidator(_network)]] = Field(default_factory=list, max_length=50)
    user_id: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None


class TokenOut(Shape):
    """A token, without its secret."""

    id: int
    user_id: int
    name: str
    scopes: list[str]
    subnets: list[int] | None
    allowed_networks: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewTokenOut(TokenOut):
    """A new token with its secret, which is in this answer and nowhere else."""

    token: str


class SessionOut(Shape):
    """A signed-in browser."""

    id: int
    user_id: int
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    remote: str
    user_agent: str


class MeOut(Shape):
    """Who is calling, and what they may do."""

    name: str
    role: Role
    user_id: int | None
    token: str | None
    scopes: list[str]
    subnets: list[str] | None = Field(description="the prefixes that the caller is limited to; null = everywhere")


def user_out(row: User) -> UserOut:
    """Return the shape of a row."""
    same = {n: getattr(row, n) for n in UserOut.model_fields if n not in ("has_password", "source")}
    source: Literal["local", "oidc"] = "local" if row.external_id is None else "oidc"
    return UserOut.of(**same, has_password=bool(row.password_hash), source=source)


def token_out(row: Token) -> TokenOut:
    """Return the shape of a row."""
    return TokenOut.of(**values_of(row, TokenOut.model_fields))


def session_out(row: LoginSession) -> SessionOut:
    """Return the shape of a row."""
    return SessionOut.of(**values_of(row, SessionOut.model_fields))
