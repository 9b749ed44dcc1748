"""grants, scopes and allowed networks; sessions tell where they come from; the audit tells where a change lies"""

import sqlalchemy as sa
from alembic import op

import app.models.types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("subnets", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("external_id", sa.String(length=255), nullable=True))
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch.create_unique_constraint("uq_users_external_id", ["external_id"])
    with op.batch_alter_table("sessions") as batch:
        batch.add_column(sa.Column("last_used_at", app.models.types.UtcSeconds(), nullable=True))
        batch.add_column(sa.Column("remote", sa.String(length=45), nullable=False, server_default=""))
        batch.add_column(sa.Column("user_agent", sa.String(length=200), nullable=False, server_default=""))
    with op.batch_alter_table("tokens") as batch:
        batch.add_column(sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("subnets", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("allowed_networks", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("audit") as batch:
        batch.add_column(sa.Column("first", app.models.types.IpAddress(), nullable=True))
        batch.add_column(sa.Column("last", app.models.types.IpAddress(), nullable=True))


def downgrade() -> None:
    for table, columns in _ADDED.items():
        with op.batch_alter_table(table) as batch:
            if table == "users":
                batch.drop_constraint("uq_users_external_id", type_="unique")
            for column in columns:
                batch.drop_column(column)


_ADDED = {
    "audit": ["last", "first"],
    "tokens": ["allowed_networks", "subnets", "scopes"],
    "sessions": ["user_agent", "remote", "last_used_at"],
    "users": ["version", "external_id", "disabled", "subnets"],
}
