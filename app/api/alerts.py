"""JSON routes of alert rules and alerts."""

from app.api.resource import Resource
from app.notify import rules as service
from app.schemas.alerts import AlertOut, AlertRuleIn, AlertRuleOut, alert_out

RULES = Resource(
    path="alert-rules",
    noun="alert rule",
    plural="alert rules",
    listing=service.LISTING,
    shape=AlertRuleOut,
    show=service.shown,
    get=service.get_rule,
    accepts=AlertRuleIn,
    create=service.create_rule,
    update=service.update_rule,
    delete=service.delete_rule,
)
ALERTS = Resource(
    path="alerts",
    noun="alert",
    plural="alerts",
    listing=service.ALERTS,
    shape=AlertOut,
    show=lambda session, rows: [alert_out(row) for row in rows],
    get=service.get_alert,
)
rules = RULES.router()
router = ALERTS.router()
