"""How is the schema brought up to date?"""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from app.settings import PROJECT


def alembic_config() -> Config:
    """Return the configuration of the migrations that come with the code."""
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to the revision."""
    _run(engine, command.upgrade, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to the revision."""
    _run(engine, command.downgrade, revision)


def _run(engine: Engine, action, revision: str) -> None:  # type: ignore[no-untyped-def]  # two alembic commands
    config = alembic_config()
    with engine.connect().execution_options(writing=True) as connection:
        config.attributes["connection"] = connection
        action(config, revision)
        connection.commit()
