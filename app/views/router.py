"""All pages."""

from fastapi import APIRouter

from app.views import auth, dashboard, leases, reservations, settings, subnets

router = APIRouter()
for concept in (auth, dashboard, subnets, leases, reservations, settings):
    router.include_router(concept.router)
