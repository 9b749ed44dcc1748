"""for how many days it can be answered who had an address"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the setting."""
    days = sa.Column("event_retention_days", sa.Integer(), nullable=False, server_default="400")
    op.add_column("settings", days)


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("settings") as table:
        table.drop_column("event_retention_days")
