"""Compile what every packet passes through into machine code with mypyc; needs a C compiler, takes two minutes.

python scripts/compile.py              beside the sources: Python then takes the compiled modules
python scripts/compile.py --to FOLDER  a copy of the sources with the compiled modules; run it with PYTHONPATH=FOLDER
python scripts/compile.py --remove     back to the sources

MYPYC_OPT_LEVEL=0 in the environment compiles in a fraction of the time what runs no quicker than the sources.

The sources are compiled as they are. After a change to them compile again, or remove: what is compiled wins.
"""

import argparse
import os
import shutil
import sysconfig
from pathlib import Path
from typing import Final

from mypyc.build import mypycify
from setuptools import setup

ROOT: Final = Path(__file__).parents[1]
LIBRARY: Final = Path(sysconfig.get_path("platlib"))
"""Where the one library that all compiled modules share is found from any directory."""
NAME: Final = "leaseboard"
SHARED: Final = f"{NAME}__mypyc.*.so"
MODULES: Final = {
    "protocol": ("layout", "packet", "relay"),
    "engine": (
        "allocate", "book", "classify", "clients", "decide", "floods", "free_addresses", "holds", "leases", "limits",
        "newcomers", "policy", "probing", "reply", "route", "scopes", "shed", "snapshot", "table", "terms", "timers",
    ),
    "adapters": ("occupancy", "udp", "writers"),
    "": ("pace", "pipeline", "samples", "stats", "waiting", "worker"),
}  # fmt: skip


def remove() -> None:
    """Take away every compiled module."""
    for found in (*(ROOT / "dhcpd").rglob("*.so"), *LIBRARY.glob(SHARED), *ROOT.glob(SHARED)):
        found.unlink()


def copy(folder: Path) -> None:
    """Put the sources into a folder, in place of what is there."""
    for name in ("app", "dhcpd"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    for found in folder.glob(SHARED):
        found.unlink()


def build(folder: Path) -> None:
    """Compile all modules below a folder at once, so that they call each other directly."""
    files = [str(Path("dhcpd", package, f"{name}.py")) for package, names in MODULES.items() for name in names]
    os.chdir(folder)
    setup(
        name=NAME,
        packages=[],
        ext_modules=mypycify(files, opt_level=os.environ.get("MYPYC_OPT_LEVEL", "3"), group_name=NAME),
        script_args=["--quiet", "build_ext", "--inplace"],
    )


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--to", type=Path)
    parser.add_argument("--remove", action="store_true")
    asked = parser.parse_args()
    if asked.to is not None:
        folder = asked.to.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        copy(folder)
        build(folder)
        shutil.rmtree(folder / "build")
        return
    remove()
    if not asked.remove:
        build(ROOT)
        for shared in ROOT.glob(SHARED):
            shutil.move(shared, LIBRARY / shared.name)


if __name__ == "__main__":
    main()
