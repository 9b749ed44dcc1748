"""All pages."""

from fastapi import APIRouter

from app.views import (
    access,
    addresses,
    audit,
    auth,
    client_classes,
    dashboard,
    denied_clients,
    division,
    explorer,
    help,
    history,
    imports,
    leases,
    option_catalogue,
    option_definitions,
    pools,
    preferences_page,
    reservations,
    search,
    settings,
    shared_networks,
    start,
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
    access,
    client_classes,
    denied_clients,
    division,
    imports,
    help,
    option_catalogue,
    option_definitions,
    shared_networks,
    start,
):
    router.include_router(concept.router)
