"""Does the API tell how full a pool is, was, and when it will be full?"""

from datetime import timedelta

from app.database import unit_of_work
from app.models.base import utc_now
from app.services import use_samples
from tests.app.conftest import LiveServer


def test_use_over_time_of_a_subnet_and_of_its_pool(live_server: LiveServer) -> None:
    headers = live_server.add_user("olga", "operator")

    def ask(path: str) -> dict[str, object]:
        answer = live_server.web.get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    def make(path: str, body: dict[str, object]) -> int:
        return int(live_server.web.post(f"/api/v1{path}", headers=headers, json=body).json()["id"])

    subnet = make("/subnets", {"cidr": "10.0.0.0/24"})
    pool = make("/pools", {"subnet_id": subnet, "start": "10.0.0.10", "end": "10.0.0.59"})
    paths = (f"/subnets/{subnet}/usage", f"/pools/{pool}/usage")
    for path in paths:
        empty = ask(path)
        assert (empty["points"], empty["peak_7d"]) == ([], None)
        assert empty["forecast"] == {"days_to_full": None, "reason": "too_little_history"}
    with unit_of_work(live_server.app.state.sessions, writing=False) as session:
        minute = use_samples.compare(session, utc_now() - timedelta(hours=30))
    with unit_of_work(live_server.app.state.sessions) as session:
        use_samples.write(session, minute)
    for path in paths:
        for name, least in (("24h", 350), ("7d", 60), ("30d", 15), ("2y", 1)):
            found = ask(f"{path}?range={name}")
            points = found["points"]
            assert isinstance(points, list) and least <= len(points) <= 360
            figures = {key: value for key, value in points[-1].items() if key != "at"}
            assert figures == {"size": 50, "free": 50, "leased": 0, "reserved": 0, "declined": 0, "peak": 0}
            assert (found["range"], found["peak_7d"]) == (name, 0)
    wrong = live_server.web.get(f"/api/v1{paths[0]}?range=1y", headers=headers)
    assert wrong.status_code in (400, 422) and "range" in wrong.text
    assert live_server.web.get("/api/v1/pools/99/usage", headers=headers).status_code == 404
