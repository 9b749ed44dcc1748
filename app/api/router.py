"""All JSON routes, one router for each resource; they stand under /api/v1."""

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

PREFIX = "/api/v1"
PLAN = (subnets, shared_networks, pools, reservations, denied_clients, addresses, vlans, tags, custom_fields)
SYSTEM = (settings, workers, search, users, tokens)
SETTINGS = (client_classes, option_definitions, effective_options, explain)
CONCEPTS = (*PLAN, *SETTINGS, leases, events, alerts, audit, imports, exports, webhooks, *SYSTEM)
routers = (
    *(concept.router for concept in CONCEPTS),
    option_definitions.catalogue,
    alerts.rules,
    webhooks.deliveries,
    users.me,
    tokens.logins,
)
