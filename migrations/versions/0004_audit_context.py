"""who, in which request and why stand in the audit; answers to repeated requests"""

import sqlalchemy as sa
from alembic import op

import app.models.types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("caller", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", app.models.types.UtcSeconds(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answers")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_kept_answers_caller_key", "kept_answers", ["caller", "key"], unique=True)
    op.create_index("ix_kept_answers_created_at", "kept_answers", ["created_at"])
    with op.batch_alter_table("audit") as batch:
        batch.add_column(sa.Column("token", sa.String(length=80), nullable=True))
        batch.add_column(sa.Column("message", sa.String(length=500), nullable=False, server_default=""))
        batch.add_column(sa.Column("request_id", sa.String(length=64), nullable=False, server_default=""))
        batch.drop_index("ix_audit_object")
    for name, columns in _AUDIT_INDEXES.items():
        op.create_index(name, "audit", columns)


def downgrade() -> None:
    for name in _AUDIT_INDEXES:
        op.drop_index(name, "audit")
    with op.batch_alter_table("audit") as batch:
        batch.create_index("ix_audit_object", ["object"])
        for column in ("request_id", "message", "token"):
            batch.drop_column(column)
    op.drop_table("kept_answers")


_AUDIT_INDEXES = {
    "ix_audit_object_id": ["object", "id"],
    "ix_audit_actor_id": ["actor", "id"],
    "ix_audit_at_id": ["at", "id"],
    "ix_audit_request_id": ["request_id"],
}
