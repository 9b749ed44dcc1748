"""how full pools and subnets were, minute by minute and hour by hour"""

import sqlalchemy as sa
from alembic import op

import app.models.types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FIGURES = ("size", "free", "leased", "reserved", "declined")


def upgrade() -> None:
    op.create_table(
        "use_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subnet_id", sa.Integer(), nullable=True),
        sa.Column("pool_id", sa.Integer(), nullable=True),
        sa.Column("at", app.models.types.UtcSeconds(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in FIGURES),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_series")),
        sa.ForeignKeyConstraint(
            ["subnet_id"], ["subnets.id"], name=op.f("fk_use_series_subnet_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_use_series_pool_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("subnet_id", name=op.f("uq_use_series_subnet_id")),
        sa.UniqueConstraint("pool_id", name=op.f("uq_use_series_pool_id")),
    )
    op.create_table(
        "use_samples",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("step_s", sa.Integer(), nullable=False),
        sa.Column("at", app.models.types.UtcSeconds(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*FIGURES, "peak")),
        sa.PrimaryKeyConstraint("series_id", "step_s", "at", name=op.f("pk_use_samples")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["use_series.id"], name=op.f("fk_use_samples_series_id"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("use_samples")
    op.drop_table("use_series")
