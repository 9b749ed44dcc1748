"""Which front-end files are served? Copies them, with their licences, from node_modules to static/vendor."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {"htmx.org/dist/htmx.min.js": "htmx.js", "htmx.org/LICENSE": "htmx.LICENSE"}


def main() -> None:
    """Make static/vendor anew."""
    target = ROOT / "static" / "vendor"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source, name in FILES.items():
        shutil.copyfile(ROOT / "node_modules" / source, target / name)


if __name__ == "__main__":
    main()
