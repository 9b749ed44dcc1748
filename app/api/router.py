"""All JSON routes under /api/v1."""

from fastapi import APIRouter

from app.api import addresses, audit, events, leases, pools, reservations, shared_networks, subnets, system
from app.api.errors import ERRORS

router = APIRouter(prefix="/api/v1", responses=ERRORS)
for concept in (subnets, shared_networks, pools, reservations, addresses, leases, events, audit, system):
    router.include_router(concept.router)
