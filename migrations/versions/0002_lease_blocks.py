"""lease_blocks: active and declined leases of 64 addresses in a row; a worker fills it when it starts"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease_blocks",
        sa.Column(
            "block", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("active", sa.BigInteger(), nullable=False),
        sa.Column("declined", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block", name=op.f("pk_lease_blocks")),
    )


def downgrade() -> None:
    op.drop_table("lease_blocks")
