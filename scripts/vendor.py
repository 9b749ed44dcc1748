"""Which front-end files are served? Copies them, with their licences, from node_modules to static/vendor."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.js",
    "uplot/dist/uPlot.iife.min.js": "uplot.js",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "uplot/LICENSE": "uplot.LICENSE",
}
SOURCE_MAP = "sourceMappingURL="


def copy(source: Path, target: Path) -> None:
    """Copy a file without its last line when that names a source map, which is not shipped."""
    text = source.read_text(encoding="utf-8").rstrip()
    body, _, last = text.rpartition("\n")
    target.write_text(body if SOURCE_MAP in last and len(last) < 200 else text, encoding="utf-8")


def main() -> None:
    """Make static/vendor anew."""
    target = ROOT / "static" / "vendor"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source, name in FILES.items():
        copy(ROOT / "node_modules" / source, target / name)
    banner = (target / "tabler.css").read_text(encoding="utf-8").partition("*/")[0]
    (target / "tabler.LICENSE").write_text(f"{banner}*/\n\nMIT licence, https://opensource.org/license/mit\n", "utf-8")


if __name__ == "__main__":
    main()
