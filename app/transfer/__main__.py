"""How does one import run in a process of its own? `python -m app.transfer ID`, started by the runner."""

import sys

from app.database import make_engine, make_session_factory
from app.settings import Settings
from app.transfer import jobs


def main() -> int:
    """Work on the import if it waits and nobody else has it."""
    factory = make_session_factory(make_engine(Settings().database_url))
    import_id = jobs.claim(factory, int(sys.argv[1]))
    if import_id is not None:
        jobs.work(factory, import_id)
    return 0


if __name__ == "__main__":
    sys.exit(main())
