"""All JSON routes under /api/v1."""

from fastapi import APIRouter

from app.api import (
    addresses,
    audit,
    denied_clients,
    events,
    exports,
    imports,
    leases,
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
for concept in (*PLAN, leases, events, audit, imports, exports, system, users, tokens):
    router.include_router(concept.router)
router.include_router(users.me)
router.include_router(tokens.logins)
