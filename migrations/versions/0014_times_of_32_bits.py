"""times as long as a lease can tell them: PostgreSQL's integer ends at 31 bits"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIMES = ("lease_time", "min_lease_time", "max_lease_time", "renew_time", "rebind_time")


def upgrade() -> None:
    _set(sa.Integer(), sa.BigInteger())


def downgrade() -> None:
    for table in ("settings", "subnets"):
        for column in TIMES:
            op.execute(f"UPDATE {table} SET {column} = 2147483647 WHERE {column} > 2147483647")
    _set(sa.BigInteger(), sa.Integer())


def _set(before: sa.types.TypeEngine[int], after: sa.types.TypeEngine[int]) -> None:
    if op.get_bind().dialect.name == "sqlite":  # its integers are as long as need be
        return
    for table in ("settings", "subnets"):
        for column in TIMES:
            op.alter_column(table, column, existing_type=before, type_=after)
