"""How do alert rules and alerts look from outside?"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.models import Alert, AlertRule
from app.models.base import values_of
from app.schemas.fields import Shape

AlertKind = Literal["pool_usage", "client_refused", "address_conflict", "worker_behind", "worker_silent"]
Email = Annotated[str, Field(pattern=r"^[^@\s,<>]{1,64}@[A-Za-z0-9.-]{1,190}$")]


class AlertRuleIn(Shape):
    """What is watched.

    pool_usage: `threshold` percent fires, and is resolved under `clear` percent. client_refused: resolved after
    `threshold` quiet seconds (0 = 300). worker_behind, worker_silent: for so many seconds (0 = 10, 5).
    """

    name: str = Field(min_length=1, max_length=80)
    kind: AlertKind
    threshold: int = Field(0, ge=0, le=86_400)
    clear: int = Field(0, ge=0, le=100)
    subnet_id: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="pools of this subnet only")] = None
    emails: list[Email] = Field(default_factory=list, max_length=20)
    enabled: bool = True

    @model_validator(mode="after")
    def _percents(self) -> "AlertRuleIn":
        if self.kind == "pool_usage" and not 1 <= self.threshold <= 100:
            raise ValueError("the threshold of a pool is 1 to 100 percent")
        if self.kind == "pool_usage" and self.clear == 0:
            self.clear = max(1, self.threshold - 5)
        if self.kind == "pool_usage" and self.clear > self.threshold:
            raise ValueError("clear is above the threshold")
        return self


class AlertRuleOut(AlertRuleIn):
    """A rule as it is stored; firing = alerts at present."""

    id: int
    firing: int
    version: int


class AlertOut(Shape):
    """Something that went wrong; object: pools/ID, clients/MAC, leases/IP or workers/ID."""

    id: int
    rule_id: int
    object: str
    state: Literal["firing", "resolved"]
    message: str
    value: int
    started_at: datetime
    seen_at: datetime
    resolved_at: datetime | None


def rule_out(row: AlertRule, firing: int) -> AlertRuleOut:
    """Return the shape of a row."""
    names = [name for name in AlertRuleOut.model_fields if name != "firing"]
    return AlertRuleOut.of(firing=firing, **values_of(row, names))


def alert_out(row: Alert) -> AlertOut:
    """Return the shape of a row."""
    return AlertOut.of(**values_of(row, AlertOut.model_fields))
