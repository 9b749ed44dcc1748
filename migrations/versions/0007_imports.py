"""files on their way into the plan, and leases that wait for the worker"""

import sqlalchemy as sa
from alembic import op

import app.models.types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("table", sa.String(length=30), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("ranges", sa.JSON(), nullable=True),
        sa.Column("created_at", app.models.types.UtcSeconds(), nullable=False),
        sa.Column("beat_at", app.models.types.UtcSeconds(), nullable=True),
        sa.Column("finished_at", app.models.types.UtcSeconds(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("writing", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imports_state"), ["state"], unique=False)

    op.create_table(
        "import_chunks",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("undo", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_chunks_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "undo", "number", name=op.f("pk_import_chunks")),
    )
    op.create_table(
        "import_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(length=80), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("kept", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_rows_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
    )
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_import_rows_import_id_action_id"), ["import_id", "action", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_import_rows_import_id_id"), ["import_id", "id"], unique=False)

    op.create_table(
        "staged_leases",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("ip", app.models.types.IpAddress(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("htype", sa.Integer(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.LargeBinary(), nullable=False),
        sa.Column("hostname", sa.String(), nullable=False),
        sa.Column("vendor_class", sa.String(), nullable=False),
        sa.Column("started_at", app.models.types.UtcSeconds(), nullable=True),
        sa.Column("expires_at", app.models.types.UtcSeconds(), nullable=True),
        sa.Column("relay_info", sa.LargeBinary(), nullable=False),
        sa.Column("undo", sa.Boolean(), nullable=False),
        sa.Column("result", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_staged_leases_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "ip", name=op.f("pk_staged_leases")),
    )
    with op.batch_alter_table("staged_leases", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_staged_leases_result_import_id"), ["result", "import_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("staged_leases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staged_leases_result_import_id"))

    op.drop_table("staged_leases")
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_rows_import_id_id"))
        batch_op.drop_index(batch_op.f("ix_import_rows_import_id_action_id"))

    op.drop_table("import_rows")
    op.drop_table("import_chunks")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imports_state"))

    op.drop_table("imports")
