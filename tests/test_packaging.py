"""Do the container files work, as far as a machine without a container engine can tell?"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def compose() -> list[str] | None:
    """Return the command of the compose that is installed."""
    for words in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(words[0]) and subprocess.run([*words, "version"], capture_output=True).returncode == 0:
            return words
    return None


def test_compose_file_is_accepted() -> None:
    command = compose()
    if command is None:
        if os.environ.get("CI"):
            pytest.fail("needs docker compose")
        pytest.skip("needs docker compose")
    done = subprocess.run([*command, "config"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "NET_RAW" in done.stdout


def steps(text: str) -> list[tuple[str, str]]:
    """Return the instructions of the last stage."""
    stage = text[text.rindex("\nFROM ") :].replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2]) for line in stage.splitlines() if re.match(r"[A-Z]+ ", line)]


@pytest.mark.xdist_group("packaging")
def test_install_steps_of_the_image_work_in_an_empty_folder(tmp_path: Path) -> None:
    """Runs each COPY and RUN of the Dockerfile in a folder and a virtual environment of its own."""
    image, assets = tmp_path / "image", tmp_path / "assets"
    image.mkdir()
    assets.mkdir()
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    env = {**os.environ, "PATH": f"{tmp_path}/venv/bin:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, assets)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], check=True, cwd=assets, env=env)
    for instruction, rest in steps((ROOT / "Dockerfile").read_text()):
        if instruction == "COPY":
            copy(shlex.split(rest), image, assets)
        elif instruction == "RUN":
            subprocess.run(rest, shell=True, check=True, cwd=image, env=env, timeout=300)
    assert (image / "static/vendor/htmx.js").exists()
    done = subprocess.run(
        ["leaseboard", "--help"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert "simulate" in done.stdout


def copy(words: list[str], image: Path, assets: Path) -> None:
    """Do what COPY does."""
    source = ROOT
    if words[0].startswith("--from=assets"):
        source, words = assets, [words[1].removeprefix("/assets/"), *words[2:]]
    target = image / words[-1]
    for name in words[:-1]:
        found = source / name
        if found.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "vendor")
            shutil.copytree(found, target, ignore=ignored, dirs_exist_ok=True)
        else:
            target.mkdir(exist_ok=True) if words[-1].endswith("/") else target.parent.mkdir(exist_ok=True)
            shutil.copy(found, target)
