"""All JSON routes under /api/v1."""

from fastapi import APIRouter

from app.api import (
    addresses,
    audit,
    events,
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
from app.api.errors import ERRORS

router = APIRouter(prefix="/api/v1", responses=ERRORS)
for concept in (
    subnets, shared_networks, pools, reservations, addresses, leases, events, audit, imports, system, users, tokens,
):  # fmt: skip
    router.include_router(concept.router)
router.include_router(users.me)
router.include_router(tokens.logins)
