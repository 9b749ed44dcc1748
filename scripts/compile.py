"""Compile what every packet passes through into machine code with mypyc; needs a C compiler, takes a minute.

python scripts/compile.py             beside the sources: Python then takes the compiled modules
python scripts/compile.py --remove    back to the sources

The sources are compiled as they are. After a change to them compile again, or remove: what is compiled wins.
"""

import os
import shutil
import sys
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
        "allocate", "book", "classify", "clients", "decide", "floods", "free_addresses", "holds", "leases", "newcomers",
        "policy", "probing", "reply", "route", "scopes", "snapshot", "table", "terms", "timers",
    ),
}  # fmt: skip


def remove() -> None:
    """Take away every compiled module."""
    for found in (*(ROOT / "dhcpd").rglob("*.so"), *LIBRARY.glob(SHARED), *ROOT.glob(SHARED)):
        found.unlink()


def build() -> None:
    """Compile all modules at once, so that they call each other directly."""
    files = [f"dhcpd/{package}/{name}.py" for package, names in MODULES.items() for name in names]
    os.chdir(ROOT)
    setup(
        name=NAME,
        packages=[],
        ext_modules=mypycify(files, group_name=NAME),
        script_args=["--quiet", "build_ext", "--inplace"],
    )
    for shared in ROOT.glob(SHARED):
        shutil.move(shared, LIBRARY / shared.name)


if __name__ == "__main__":
    remove()
    if "--remove" not in sys.argv[1:]:
        build()
