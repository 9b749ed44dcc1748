"""known addresses by MAC: a search for a device read each of them"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_addresses_mac", "addresses", ["mac"])


def downgrade() -> None:
    op.drop_index("ix_addresses_mac", "addresses")
