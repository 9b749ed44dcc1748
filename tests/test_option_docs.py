"""Is the page of the options what the table says?"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_page_of_the_options_is_current() -> None:
    check = [sys.executable, "scripts/option_docs.py", "--check"]
    done = subprocess.run(
        check, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
