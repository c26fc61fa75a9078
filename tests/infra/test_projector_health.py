import subprocess

import httpx
import psycopg

from consumers.lag import Lag
from infra.address import free_port
from infra.embedded_guard import until
from infra.projector_health import ProjectorHealth
from tests.infra.command_line import TOOL, environment_with, run


def ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_the_process_tells_whether_it_is_ready_and_how_far_it_is(database: str) -> None:
    port = free_port("127.0.0.1")
    command = [*TOOL, "project", "holds", "--metrics-port", str(port)]
    with subprocess.Popen(command, env=environment_with({"DATABASE_URL": database})) as process:
        assert until(lambda: ready(port), 30)
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        process.terminate()
        assert process.wait(30) == 0
    assert 'projection_lag_events{projection="holds"} 0.0' in metrics
    assert 'projection_stuck_tenants{projection="holds"} 0.0' in metrics


def test_a_port_that_somebody_has_is_a_plain_error(database: str) -> None:
    with httpx.Client(), psycopg.connect(database) as connection:
        said = run("project", "--metrics-port", str(connection.info.port), DATABASE_URL=database)
    assert said.returncode == 1
    assert "cannot be used" in said.stderr


def test_a_read_model_that_is_stuck_or_has_stopped_makes_it_unready_until_it_moves() -> None:
    health, port = ProjectorHealth(), free_port("127.0.0.1")
    health.serve("127.0.0.1", port)

    def asked() -> tuple[int, str]:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
        return answer.status_code, answer.json().get("detail", "")

    assert asked() == (503, "it has not begun")
    health.saw({"holds": Lag(5, 31.0, ("a",)), "jobs": Lag(0, 0.0, ())}, {})
    assert asked() == (503, "holds does not move for 1 tenants, and is 5 events behind")
    health.saw({"holds": Lag(4, 1.0, ())}, {})
    assert asked() == (200, "")
    health.saw({"holds": Lag(4, 1.0, ())}, {"holds": "holds has stopped"})
    assert asked() == (503, "holds has stopped")
    metrics = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    assert 'projection_stopped{projection="holds"} 1.0' in metrics
    assert httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False).status_code == 200
    assert httpx.get(f"http://127.0.0.1:{port}/other", trust_env=False).status_code == 404
