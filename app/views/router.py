"""All pages."""

from fastapi import APIRouter

from app.views import (
    addresses,
    audit,
    auth,
    dashboard,
    explorer,
    history,
    leases,
    pools,
    preferences_page,
    reservations,
    search,
    settings,
    subnet_detail,
    subnets,
)

router = APIRouter()
for concept in (
    auth,
    dashboard,
    subnets,
    subnet_detail,
    pools,
    leases,
    addresses,
    reservations,
    history,
    search,
    settings,
    audit,
    preferences_page,
    explorer,
):
    router.include_router(concept.router)
