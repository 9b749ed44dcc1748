"""leases in the order of their ends, and by client identifiers that tell no MAC"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_leases_end", "leases", [sa.text("coalesce(expires_at, 253402300799) DESC"), "ip"])
    longer = sa.text("length(client_id) > 7")
    op.create_index("ix_leases_client_id", "leases", ["client_id"], sqlite_where=longer, postgresql_where=longer)


def downgrade() -> None:
    op.drop_index("ix_leases_client_id", "leases")
    op.drop_index("ix_leases_end", "leases")
