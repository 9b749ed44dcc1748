"""the use of all pools together, found at once: each page with forecasts read the series of every pool for it"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NAME = "ix_use_series_everything"
EVERYTHING = sa.text("subnet_id IS NULL AND pool_id IS NULL")


def upgrade() -> None:
    columns = ["subnet_id", "pool_id"]  # for SQLite, which would take the index of one of them otherwise
    op.create_index(NAME, "use_series", columns, sqlite_where=EVERYTHING, postgresql_where=EVERYTHING)


def downgrade() -> None:
    op.drop_index(NAME, "use_series")
