"""How do webhooks and their deliveries look from outside? The secret is told once, when it is made."""

from datetime import datetime
from typing import Literal

from pydantic import Field, field_validator

from app.models import Webhook, WebhookDelivery
from app.models.base import values_of
from app.schemas.fields import Shape
from app.schemas.targets import check_url

Topic = Literal["lease", "audit", "alert"]


class WebhookIn(Shape):
    """Where events go; redirects are not followed, and loopback and metadata addresses are refused."""

    name: str = Field(min_length=1, max_length=80)
    url: str = Field(max_length=2000, examples=["https://example.org/hook"])
    topics: list[Topic] = Field(min_length=1, max_length=3)
    enabled: bool = True

    @field_validator("url")
    @classmethod
    def _usable(cls, url: str) -> str:
        check_url(url)
        return url


class WebhookOut(WebhookIn):
    """A webhook as it is stored; waiting = messages that have not arrived yet."""

    id: int
    disabled_reason: str
    failing_since: datetime | None
    created_at: datetime
    waiting: int
    version: int


class WebhookMade(WebhookOut):
    """A webhook with its secret, which is in this answer and nowhere else."""

    secret: str


class DeliveryOut(Shape):
    """A message and what became of it; key is the same at each attempt."""

    id: int
    webhook_id: int
    key: str
    topic: Topic
    events: int
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    created_at: datetime
    next_at: datetime
    ended_at: datetime | None
    status: int | None
    error: str
    took_ms: int | None


def webhook_out(row: Webhook, waiting: int) -> WebhookOut:
    """Return the shape of a row."""
    names = [name for name in WebhookOut.model_fields if name != "waiting"]
    return WebhookOut.of(waiting=waiting, **values_of(row, names))


def delivery_out(row: WebhookDelivery) -> DeliveryOut:
    """Return the shape of a row."""
    return DeliveryOut.of(**values_of(row, DeliveryOut.model_fields))
