"""How does alembic reach the database and the models?"""

from alembic import context

from app.models import Base

connection = context.config.attributes["connection"]
told = context.config.attributes.get("told")


def tell(*, step, **_):  # type: ignore[no-untyped-def]  # alembic's MigrationInfo
    """Name a step that is done."""
    if told is not None:
        told(f"{step.up_revision_id}: {step.up_revision.doc}")


context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    on_version_apply=tell,
)
with context.begin_transaction():
    context.run_migrations()
