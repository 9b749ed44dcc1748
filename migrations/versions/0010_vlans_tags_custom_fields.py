"""VLANs, tags and custom fields; reservations that end; who was seen at an address, and when"""

import sqlalchemy as sa
from alembic import op

import app.models.types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
TAGGED = ("subnets", "pools", "reservations", "addresses")


def upgrade() -> None:
    _create_tables()
    for table in TAGGED:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
            batch_op.add_column(sa.Column("custom_fields", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("subnets") as batch_op:
        batch_op.add_column(sa.Column("vlan_group", sa.String(80), nullable=False, server_default=""))
        batch_op.create_index(op.f("ix_subnets_vlan_group_vlan"), ["vlan_group", "vlan"])
    with op.batch_alter_table("pools") as batch_op:
        batch_op.add_column(sa.Column("description", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("reservations") as batch_op:
        batch_op.add_column(sa.Column("expires_at", app.models.types.UtcSeconds(), nullable=True))
        batch_op.create_index(op.f("ix_reservations_expires_at"), ["expires_at"])
    with op.batch_alter_table("addresses") as batch_op:
        batch_op.add_column(sa.Column("mac", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("last_seen", app.models.types.UtcSeconds(), nullable=True))
    as_json = "" if op.get_bind().dialect.name == "sqlite" else "::json"
    op.execute(
        'INSERT INTO vlans (vid, "group", name, description, tags, custom_fields, version) '
        f"SELECT vlan, '', '', '', '[]'{as_json}, '{{}}'{as_json}, 1 "
        "FROM (SELECT DISTINCT vlan FROM subnets WHERE vlan IS NOT NULL) AS known"
    )


def _create_tables() -> None:
    op.create_table(
        "vlans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vid", sa.Integer(), nullable=False),
        sa.Column("group", sa.String(80), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("custom_fields", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vlans")),
    )
    op.create_index(op.f("ix_vlans_group_vid"), "vlans", ["group", "vid"], unique=True)
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("color", sa.String(7), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name", name=op.f("uq_tags_name")),
    )
    op.create_table(
        "custom_fields",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource", sa.String(20), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("type", sa.String(10), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("default", sa.JSON(), nullable=True),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_fields")),
    )
    op.create_index(op.f("ix_custom_fields_resource_name"), "custom_fields", ["resource", "name"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("addresses") as batch_op:
        batch_op.drop_column("last_seen")
        batch_op.drop_column("mac")
    with op.batch_alter_table("reservations") as batch_op:
        batch_op.drop_index(op.f("ix_reservations_expires_at"))
        batch_op.drop_column("expires_at")
    with op.batch_alter_table("pools") as batch_op:
        batch_op.drop_column("description")
    with op.batch_alter_table("subnets") as batch_op:
        batch_op.drop_index(op.f("ix_subnets_vlan_group_vlan"))
        batch_op.drop_column("vlan_group")
    for table in TAGGED:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("custom_fields")
            batch_op.drop_column("tags")
    for table in ("custom_fields", "tags", "vlans"):
        op.drop_table(table)
