"""All JSON routes under /api/v1."""

from fastapi import APIRouter

from app.api import (
    addresses,
    alerts,
    audit,
    client_classes,
    custom_fields,
    denied_clients,
    effective_options,
    events,
    explain,
    exports,
    imports,
    leases,
    option_definitions,
    pools,
    reservations,
    search,
    settings,
    shared_networks,
    subnets,
    tags,
    tokens,
    users,
    vlans,
    webhooks,
    workers,
)

router = APIRouter(prefix="/api/v1")
PLAN = (subnets, shared_networks, pools, reservations, denied_clients, addresses, vlans, tags, custom_fields)
SYSTEM = (settings, workers, search, users, tokens)
SETTINGS = (client_classes, option_definitions, effective_options, explain)
for concept in (*PLAN, *SETTINGS, leases, events, alerts, audit, imports, exports, webhooks, *SYSTEM):
    router.include_router(concept.router)
router.include_router(option_definitions.catalogue)
router.include_router(alerts.rules)
router.include_router(webhooks.deliveries)
router.include_router(users.me)
router.include_router(tokens.logins)
