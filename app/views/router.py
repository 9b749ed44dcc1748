"""All pages."""

from fastapi import APIRouter

from app.views import auth, dashboard, leases, subnets

router = APIRouter()
for concept in (auth, dashboard, subnets, leases):
    router.include_router(concept.router)
