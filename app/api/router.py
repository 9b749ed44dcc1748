"""All JSON routes under /api/v1."""

from fastapi import APIRouter

from app.api import (
    addresses,
    audit,
    client_classes,
    denied_clients,
    effective_options,
    events,
    exports,
    imports,
    leases,
    option_definitions,
    pools,
    reservations,
    shared_networks,
    subnets,
    system,
    tokens,
    users,
)

router = APIRouter(prefix="/api/v1")
PLAN = (subnets, shared_networks, pools, reservations, denied_clients, addresses)
SETTINGS = (client_classes, option_definitions, effective_options)
for concept in (*PLAN, *SETTINGS, leases, events, audit, imports, exports, system, users, tokens):
    router.include_router(concept.router)
router.include_router(option_definitions.catalogue)
router.include_router(users.me)
router.include_router(tokens.logins)
