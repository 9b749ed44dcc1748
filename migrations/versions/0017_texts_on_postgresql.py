"""parts of texts, found by an index on PostgreSQL: a list that is searched reads what matches, not every row

It takes the extension pg_trgm, which every owner of a database may create. Where it is not installed or not
allowed, the indexes are left out, and a search looks at every row of the plan. The models do not know them: SQLite
has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXTS = {
    "reservations": ("hostname", "description"),
    "addresses": ("hostname", "owner", "notes"),
    "subnets": ("name", "description"),
}
_MAKE = """
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  {indexes}
EXCEPTION WHEN OTHERS THEN
  RAISE NOTICE 'no indexes for parts of texts: %', SQLERRM;
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    columns = {table: ", ".join(f"{name} gin_trgm_ops" for name in names) for table, names in TEXTS.items()}
    made = (f"CREATE INDEX ix_{table}_texts ON {table} USING gin ({of});" for table, of in columns.items())
    op.execute(sa.text(_MAKE.format(indexes="\n  ".join(made))))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TEXTS:
            op.execute(sa.text(f"DROP INDEX IF EXISTS ix_{table}_texts"))
