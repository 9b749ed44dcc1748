"""All tables, under one roof for the migrations and the services."""

from app.models.addresses import KnownAddress
from app.models.alerts import Alert, AlertRule
from app.models.audit import AuditEntry
from app.models.base import Base
from app.models.client_classes import ClientClass
from app.models.custom_fields import CustomField
from app.models.denied_clients import DeniedClient
from app.models.events import LeaseEvent
from app.models.imports import Import, ImportChunk, ImportRow, StagedLease
from app.models.kept_answers import KeptAnswer
from app.models.leases import Lease
from app.models.occupancy import LeaseBlock
from app.models.option_definitions import OptionDefinition
from app.models.pools import Pool
from app.models.reservations import Reservation, ReservationIdentifier
from app.models.samples import RateSample
from app.models.settings import GlobalSettings
from app.models.subnets import SharedNetwork, Subnet
from app.models.tags import Tag
from app.models.use import UseSample, UseSeries
from app.models.users import LoginSession, Token, User
from app.models.vlans import Vlan
from app.models.webhooks import Webhook, WebhookDelivery
from app.models.workers import Command, Revision, Worker

__all__ = [
    "Alert",
    "AlertRule",
    "AuditEntry",
    "Base",
    "ClientClass",
    "Command",
    "CustomField",
    "DeniedClient",
    "GlobalSettings",
    "Import",
    "ImportChunk",
    "ImportRow",
    "KeptAnswer",
    "KnownAddress",
    "Lease",
    "LeaseBlock",
    "LeaseEvent",
    "LoginSession",
    "OptionDefinition",
    "Pool",
    "RateSample",
    "Reservation",
    "ReservationIdentifier",
    "Revision",
    "SharedNetwork",
    "StagedLease",
    "Subnet",
    "Tag",
    "Token",
    "UseSample",
    "UseSeries",
    "User",
    "Vlan",
    "Webhook",
    "WebhookDelivery",
    "Worker",
]
