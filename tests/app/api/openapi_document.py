"""Writes the OpenAPI document that the test compares with: `make openapi`."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.main import create_app
from app.settings import Settings

STORED = Path(__file__).with_name("openapi.json")


def today() -> dict[str, Any]:
    """Return the document of the application as it is."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(database_url=f"sqlite:///{folder}/none.db"))
        document: dict[str, Any] = json.loads(json.dumps(app.openapi()))
        app.state.engine.dispose()
    return document


if __name__ == "__main__":
    STORED.write_text(json.dumps(today(), indent=1, sort_keys=True) + "\n")
    sys.stdout.write(f"{STORED} holds the document of today.\n")
