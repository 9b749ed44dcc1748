"""Does every operation answer what its document says, whatever it is sent, and by whichever role?"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.database import unit_of_work
from app.models import Token, User
from app.services import tokens
from app.services.actors import COMMAND_LINE
from tests.builders import add_user, hold_leases

EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "2")
"""Of each operation; `make schemathesis` asks for many."""
OUT_OF_REACH = 1_987_654_321
"""Id of the user and the token that ask, so that no generated DELETE ends them."""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEASEBOARD_API_REQUESTS_PER_MINUTE", "0")


def caller(live_server: Any, role: str) -> str:
    """Return the token of a user of the role who can't be deleted by chance, in a plan with clients."""
    headers = live_server.add_user("root", "admin")
    assert live_server.web.post("/api/v1/subnets", json={"cidr": "10.0.0.0/24"}, headers=headers).status_code == 201
    hold_leases(live_server.app.state.engine, "10.0.0.100", "10.0.0.101")
    with unit_of_work(live_server.app.state.sessions) as session:
        user = add_user(session, "tester", role)
        session.execute(User.__table__.update().where(User.id == user.id).values(id=OUT_OF_REACH))  # type: ignore[attr-defined]  # a table
        session.expire_all()
        token, secret = tokens.create_token(session, COMMAND_LINE, session.get_one(User, OUT_OF_REACH), "t", None)
        session.execute(Token.__table__.update().where(Token.id == token.id).values(id=OUT_OF_REACH))  # type: ignore[attr-defined]  # a table
    return secret


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_no_server_error_and_no_undocumented_answer(
    unlimited: None, live_server: Any, role: str, tmp_path: Path
) -> None:
    secret = caller(live_server, role)
    host, port = live_server.address
    live_server.web.get("/openapi.json", timeout=60)  # the first takes seconds to be made, on a busy machine more
    line = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"http://{host}:{port}/openapi.json",
        "--header", f"Authorization: Bearer {secret}", "--checks", CHECKS, "--exclude-path", "/api/v1/stream",
        "--phases", "fuzzing" if EXAMPLES == "2" else "coverage,fuzzing", "--max-examples", EXAMPLES,
        "--generation-deterministic", "--warnings", "off", "--no-color",
    ]  # fmt: skip
    ended = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, timeout=3600)
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    assert "No test cases were generated" not in ended.stdout
