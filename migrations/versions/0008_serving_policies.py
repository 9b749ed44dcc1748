"""who is served and how: rapid commit, BOOTP, leasequery, policies, limits, denied clients"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.models.types import UtcSeconds

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _tables() -> tuple[tuple[str, tuple[sa.Column[Any], ...]], ...]:
    """Return the new columns of each table, made anew for each use."""
    subnets = (
        sa.Column("rapid_commit", sa.Boolean(), nullable=True),
        sa.Column("bootp", sa.Boolean(), nullable=True),
        sa.Column("known_clients_only", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("random_macs", sa.String(5), nullable=True),
        sa.Column("min_secs", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("offer_delay_ms", sa.Integer(), nullable=False, server_default="0"),
    )
    pools = (sa.Column("clients", sa.String(7), nullable=False, server_default="all"),)
    settings = (
        sa.Column("rapid_commit", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("bootp", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("random_macs", sa.String(5), nullable=False, server_default="allow"),
        sa.Column("leasequery_requesters", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("client_rate_limit", sa.Integer(), nullable=False, server_default="50"),
        sa.Column("interface_rate_limit", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("limit_relayed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("starvation_defence", sa.String(10), nullable=False, server_default="links"),
        sa.Column("known_reserve_percent", sa.Integer(), nullable=False, server_default="10"),
        sa.Column("clients_per_port", sa.Integer(), nullable=False, server_default="0"),
    )
    return (("subnets", subnets), ("pools", pools), ("settings", settings))


def upgrade() -> None:
    for table, columns in _tables():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.add_column(column)
    with op.batch_alter_table("reservation_identifiers") as batch:
        batch.alter_column("type", existing_type=sa.String(12), type_=sa.String(13), existing_nullable=False)
    op.create_table(
        "denied_clients",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mac", sa.String(32), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("created_at", UtcSeconds(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_denied_clients")),
        sa.UniqueConstraint("mac", name=op.f("uq_denied_clients_mac")),
    )


def downgrade() -> None:
    op.drop_table("denied_clients")
    op.execute(sa.text("DELETE FROM reservation_identifiers WHERE length(type) > 12"))
    with op.batch_alter_table("reservation_identifiers") as batch:
        batch.alter_column("type", existing_type=sa.String(13), type_=sa.String(12), existing_nullable=False)
    for table, columns in reversed(_tables()):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column.name)
