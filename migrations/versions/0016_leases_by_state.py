"""leases that are not active, by state: their lists read no others"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    which = sa.text("state <> 'active'")
    op.create_index("ix_leases_state", "leases", ["state", "ip"], sqlite_where=which, postgresql_where=which)


def downgrade() -> None:
    op.drop_index("ix_leases_state", "leases")
