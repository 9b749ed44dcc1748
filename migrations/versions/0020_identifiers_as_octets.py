"""identifiers of reservations as octets too, as leases have them: 50,000 were read to find who waits"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLE = "reservation_identifiers"
OCTETS = {"sqlite": "unhex(value)", "postgresql": "decode(value, 'hex')"}


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("octets", sa.LargeBinary()))
    op.execute(f"UPDATE {TABLE} SET octets = {OCTETS[op.get_bind().dialect.name]}")
    with op.batch_alter_table(TABLE) as batch:
        batch.alter_column("octets", existing_type=sa.LargeBinary(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_column("octets")
