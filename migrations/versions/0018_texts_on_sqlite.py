"""parts of texts, found by an index on SQLite as well: the rows of the plan by each three letters of their texts

The tables keep the letters alone (FTS5 without content) and are kept in step by triggers. Known addresses have no
number of their own that outlives a VACUUM: a table beside gives them one. Whoever rebuilds one of the three tables
later (a batch change drops the old one, and its triggers with it) has to make its triggers anew. The models do not
know any of it: on PostgreSQL, revision 0017 does the same.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXTS = {
    "reservations": ("hostname", "description"),
    "addresses": ("hostname", "owner", "notes"),
    "subnets": ("name", "description"),
}
NUMBERS = "addresses_texts_numbers"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute(f"CREATE TABLE {NUMBERS} (id INTEGER PRIMARY KEY, ip BLOB NOT NULL UNIQUE)")
    op.execute(f"INSERT INTO {NUMBERS} (ip) SELECT ip FROM addresses")
    for table, columns in TEXTS.items():
        for statement in _made(table, columns):
            op.execute(statement)


def _made(table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return what makes the index of a table, fills it and keeps it in step."""
    index, names, numbered = f"{table}_texts", ", ".join(columns), table == "addresses"

    def told(row: str) -> str:
        number = f"(SELECT id FROM {NUMBERS} WHERE ip = {row}.ip)" if numbered else f"{row}.id"
        return ", ".join((number, *(f"{row}.{name}" for name in columns)))

    given, gone = ("", "")
    if numbered:
        given = f"INSERT INTO {NUMBERS} (ip) VALUES (new.ip);"
        gone = f"DELETE FROM {NUMBERS} WHERE ip = old.ip;"
    add = f"{given} INSERT INTO {index} (rowid, {names}) VALUES ({told('new')});"
    remove = f"INSERT INTO {index} ({index}, rowid, {names}) VALUES ('delete', {told('old')}); {gone}"
    key = "ip" if numbered else "id"
    changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in (key, *columns))
    return (
        f"CREATE VIRTUAL TABLE {index} USING fts5 ({names}, content='', tokenize='trigram')",
        f"INSERT INTO {index} (rowid, {names}) SELECT {told(table)} FROM {table}",
        f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {remove} END",
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF {key}, {names} ON {table} WHEN {changed}"
        f" BEGIN {remove} {add} END",
    )


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in TEXTS:
        for event in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER {table}_texts_{event}")
        op.execute(f"DROP TABLE {table}_texts")
    op.execute(f"DROP TABLE {NUMBERS}")
