"""what each worker did, second by second"""

import sqlalchemy as sa
from alembic import op

import app.models.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rate_samples",
        sa.Column("step_s", sa.Integer(), nullable=False),
        sa.Column("at", app.models.types.UtcSeconds(), nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("naks", sa.Integer(), nullable=False),
        sa.Column("drops", sa.Integer(), nullable=False),
        sa.Column("p99_us", sa.Integer(), nullable=False),
        sa.Column("commit_us", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("step_s", "at", "worker", name=op.f("pk_rate_samples")),
    )


def downgrade() -> None:
    op.drop_table("rate_samples")
