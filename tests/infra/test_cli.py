"""The command line as a whole, and the parts that it runs."""

import signal
import socket
import subprocess
from pathlib import Path

import httpx
import psycopg
import pytest

from infra.address import free_port
from infra.embedded_guard import postmaster, until
from tests.infra.command_line import TOOL, environment_with, run

COMMANDS = (
    "up",
    "migrate",
    "api",
    "project",
    "clock",
    "token",
    "import-ics",
    "import-csv",
    "openapi",
    "import-permits",
    "rebuild",
    "verify",
    "bench",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_what_it_does(command: str) -> None:
    said = run(command, "--help")
    assert said.returncode == 0
    assert f" {command} [OPTIONS]" in said.stdout


def test_all_commands_are_told_of() -> None:
    said = run("--help")
    assert said.returncode == 0
    assert all(f" {command} " in said.stdout for command in COMMANDS)


def test_help_does_not_wait_for_what_only_commands_need() -> None:
    code = "import sys, infra.cli; print({'fastapi', 'psycopg', 'pydantic', 'uvicorn'} & sys.modules.keys())"
    assert subprocess.check_output([TOOL[0], "-c", code], text=True) == "set()\n"


def test_the_version_is_the_products() -> None:
    assert run("--version").stdout == "production-tool 0.1.0\n"


def test_an_unknown_command_is_a_mistake_not_a_crash() -> None:
    said = run("rubbish")
    assert said.returncode == 2
    assert "No such command 'rubbish'" in said.stderr


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"PRODUCTION_TOOL_PORT": "99999"}, "PRODUCTION_TOOL_PORT: Input should be less than or equal to 65535"),
        ({"DATABASE_URL": "mysql://db/tool"}, "DATABASE_URL: "),
        ({"DATABASE_URL": "postgresql://ada:hidden@127.0.0.1:1/tool"}, "Connection refused"),
        ({"PRODUCTION_TOOL_DATA": "/dev/null/var"}, "/dev/null/var: Not a directory"),
    ],
)
def test_a_users_mistake_ends_in_a_plain_sentence(environment: dict[str, str], sentence: str) -> None:
    said = run("migrate", **environment)
    assert said.returncode == 1
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr
    assert "hidden" not in said.stderr


def test_migrate_says_what_ran_and_then_that_nothing_is_left(data: Path) -> None:
    first, second = run("migrate", "--data", str(data)), run("migrate", "--data", str(data))
    assert first.stdout.splitlines()[0] == "0001_event_log.sql"
    assert second.stdout == "nothing to do\n"


def test_migrate_refuses_a_database_that_is_newer(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_future.sql', 'x')")
    said = run("migrate", DATABASE_URL=database)
    assert said.returncode == 1
    assert said.stderr == "production-tool: this database is newer than the product: 9999_future.sql ran on it\n"


@pytest.mark.parametrize("command", ["api", "project", "clock", "verify"])
def test_a_part_refuses_a_database_that_was_never_migrated(empty_database: str, command: str) -> None:
    said = run(command, DATABASE_URL=empty_database)
    assert said.returncode == 1
    assert "run `production-tool migrate`" in said.stderr


def test_migrate_says_plainly_that_it_may_not(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE ROLE visitor LOGIN PASSWORD 'hidden'")
        said = run("migrate", DATABASE_URL=f"postgresql://visitor:hidden@{empty_database.rpartition('@')[2]}")
        connection.execute("DROP ROLE visitor")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("production-tool: Postgres cannot be used: permission denied")


@pytest.mark.parametrize("command", ["api", "up"])
def test_a_port_that_somebody_has_is_a_plain_error(data: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        said = run(command, "--port", str(port), "--data", str(data))
    assert said.returncode == 1
    assert said.stderr == (
        f"production-tool: port {port} of 127.0.0.1 cannot be used: somebody listens there already;"
        " choose another with --port\n"
    )
    assert not (data / "postgres").exists()


def test_a_read_model_that_there_is_not_is_said_to_be_none() -> None:
    said = run("project", "holds", "golds")
    assert said.returncode == 1
    assert said.stderr.startswith("production-tool: there is no read model golds; there are: holds, ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["api", "project", "clock"])
def test_a_part_alone_starts_the_embedded_server_and_ends_it_when_told(
    data: Path, command: str, number: signal.Signals
) -> None:
    port, cluster = free_port("127.0.0.1"), data / "postgres"
    environment = environment_with({"PRODUCTION_TOOL_PORT": str(port), "PRODUCTION_TOOL_LOG_LEVEL": "warning"})
    with subprocess.Popen([*TOOL, command, "--data", data], env=environment, stderr=subprocess.PIPE) as part:
        try:
            assert until(lambda: _answers(port) if command == "api" else _listens(cluster), 60)
            part.send_signal(number)
            _, said = part.communicate(timeout=30)
        finally:
            part.kill()  # or the block waits for one that does not end
    assert (part.returncode, said) == (0, b"")
    assert postmaster(cluster) is None


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _listens(cluster: Path) -> bool:
    """Whether somebody listens to the log, or to the projectors."""
    running = postmaster(cluster)
    if running is None or not running.is_ready:
        return False
    password = (cluster.parent / "postgres.password").read_text()
    url = f"postgresql://production_tool:{password}@127.0.0.1:{running.port}/postgres"
    with psycopg.connect(url) as connection:
        query = "SELECT FROM pg_stat_activity WHERE application_name LIKE 'production-tool listens%'"
        return connection.execute(query).fetchone() is not None
