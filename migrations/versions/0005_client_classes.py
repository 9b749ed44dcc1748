"""client classes, option definitions, boot fields on every scope"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_classes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("expression", sa.String(), nullable=False),
        sa.Column("drop", sa.Boolean(), nullable=False),
        *_boot("next_server", "server_name", "boot_file"),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_classes")),
        sa.UniqueConstraint("name", name=op.f("uq_client_classes_name")),
    )
    op.create_table(
        "option_definitions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("space", sa.String(length=40), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("array", sa.Boolean(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_option_definitions")),
    )
    with op.batch_alter_table("option_definitions") as table:
        table.create_index(op.f("ix_option_definitions_space_code"), ["space", "code"], unique=True)
        table.create_index(op.f("ix_option_definitions_space_name"), ["space", "name"], unique=True)
    for name in ("pools", "subnets"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("client_class", sa.String(length=60), nullable=True))
            table.create_index(op.f(f"ix_{name}_client_class"), ["client_class"])
            table.create_foreign_key(
                op.f(f"fk_{name}_client_class"), "client_classes", ["client_class"], ["name"], onupdate="CASCADE"
            )
    _add("pools", *_boot("next_server", "server_name", "boot_file"))
    _add("shared_networks", *_boot("next_server", "server_name", "boot_file"))
    _add("reservations", *_boot("server_name"))
    times = (sa.Column(name, sa.Integer(), nullable=True) for name in ("renew_time", "rebind_time"))
    _add("settings", *times, *_boot("server_name"))


def _boot(*names: str) -> list[sa.Column[str]]:
    lengths = {"next_server": 15, "server_name": 63, "boot_file": 127}
    return [sa.Column(name, sa.String(length=lengths[name]), nullable=True) for name in names]


def _add(name: str, *columns: sa.Column[object]) -> None:
    for column in columns:
        op.add_column(name, column)


def downgrade() -> None:
    for name, columns in (
        ("settings", ("renew_time", "rebind_time", "server_name")),
        ("reservations", ("server_name",)),
        ("shared_networks", ("next_server", "server_name", "boot_file")),
        ("pools", ("next_server", "server_name", "boot_file")),
    ):
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column)
    for name in ("pools", "subnets"):
        with op.batch_alter_table(name) as table:
            table.drop_constraint(op.f(f"fk_{name}_client_class"), type_="foreignkey")
            table.drop_index(op.f(f"ix_{name}_client_class"))
            table.drop_column("client_class")
    op.drop_table("option_definitions")
    op.drop_table("client_classes")
