"""the use of all pools together, found at once: each page with forecasts read the series of every pool for it"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NAME = "ix_use_series_subnet_id_pool_id"


def upgrade() -> None:
    op.create_index(NAME, "use_series", ["subnet_id", "pool_id"])


def downgrade() -> None:
    op.drop_index(NAME, "use_series")
