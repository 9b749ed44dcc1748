"""leases by every client identifier that does not just repeat the hardware address, short ones included"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LONG = "length(client_id) > 7"
OTHER = "length(client_id) > 0 AND substr(client_id, 2) <> mac"


def upgrade() -> None:
    _index(OTHER)


def downgrade() -> None:
    _index(LONG)


def _index(condition: str) -> None:
    op.drop_index("ix_leases_client_id", "leases")
    which = sa.text(condition)
    op.create_index("ix_leases_client_id", "leases", ["client_id"], sqlite_where=which, postgresql_where=which)
