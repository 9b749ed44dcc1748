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


def steps(text: str, stage: int) -> list[tuple[str, str]]:
    """Return the instructions of a stage."""
    lines = re.split(r"^FROM ", text, flags=re.M)[1:][stage].replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.partition(" ")[2]) for line in lines if re.match(r"[A-Z]+ ", line)]


@pytest.mark.xdist_group("packaging")
def test_install_steps_of_the_image_work_in_empty_folders(tmp_path: Path) -> None:
    """Runs each COPY and RUN of the Dockerfile in a folder for each stage, and a virtual environment of its own."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    env = {**os.environ, "PATH": f"{tmp_path}/venv/bin:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
           "MYPYC_OPT_LEVEL": "0", "CFLAGS": "-g0"}  # fmt: skip
    folders = {"/assets/": tmp_path / "assets", "/compiled/": tmp_path / "compiled", "": tmp_path / "image"}
    for stage, folder in enumerate(folders.values()):
        folder.mkdir()
        for instruction, rest in steps((ROOT / "Dockerfile").read_text(), stage):
            rest = rest.replace("/opt/leaseboard", str(folders[""]))
            if instruction == "COPY":
                copy(shlex.split(rest), folder, folders)
            elif instruction == "ENV":
                name, _, value = rest.partition("=")
                env[name] = value
            elif instruction == "RUN":
                rest = rest.replace("/compiled/", f"{tmp_path}/compiled/")
                subprocess.run(rest, shell=True, check=True, cwd=folder, env=env, timeout=900)
    image = folders[""]
    assert (image / "static/vendor/htmx.js").exists()
    done = subprocess.run(
        ["leaseboard", "--help"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert "simulate" in done.stdout
    run_worker_tests(image, env)


def run_worker_tests(image: Path, env: dict[str, str]) -> None:
    """Run the worker's tests on the compiled modules of the image."""
    env = {name: value for name, value in env.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONPATH": f"{image}:{ROOT}"}
    found = "import dhcpd.worker as w, dhcpd.engine.decide as d; print(w.__file__, d.__file__)"
    told = subprocess.run(
        ["python", "-P", "-c", found], env=env, cwd="/", capture_output=True, text=True, check=True
    )
    assert [Path(name).suffix for name in told.stdout.split()] == [".so", ".so"]
    words = ["python", "-P", "-m", "pytest", "-q", "-o", "pythonpath=", "-p", "no:cacheprovider", "tests/dhcpd"]
    done = subprocess.run(words, env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


def copy(words: list[str], target: Path, folders: dict[str, Path]) -> None:
    """Do what COPY does; a stage's own paths are below its folder."""
    source, words = ROOT, list(words)
    if words[0].startswith("--from="):
        stage = f"/{words.pop(0).removeprefix('--from=')}/"
        source, words = folders[stage], [word.removeprefix(stage) for word in words]
    for name in words[:-1]:
        copy_one(source / name, target / words[-1], into=words[-1].endswith("/"))


def copy_one(found: Path, target: Path, *, into: bool) -> None:
    """Copy a file to a place or into a folder, of a folder what is in it."""
    if found.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", "vendor", "*.so" if found.is_relative_to(ROOT) else "")
        shutil.copytree(found, target, ignore=ignored, dirs_exist_ok=True)
        return
    (target if into else target.parent).mkdir(exist_ok=True)
    shutil.copy(found, target)
