"""parts of texts, indexed at once on PostgreSQL: else each search looks through what waits to be taken in

After 500 changes a search took 45 to 50 ms instead of 25 to 29.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("reservations", "addresses", "subnets")


def _set(value: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(sa.text(f"ALTER INDEX IF EXISTS ix_{table}_texts SET (fastupdate = {value})"))
        op.execute(sa.text(f"SELECT gin_clean_pending_list(to_regclass('ix_{table}_texts'))"))


def upgrade() -> None:
    _set("off")


def downgrade() -> None:
    _set("on")
