"""`production-tool` as its user meets it: in a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from infra.embedded_guard import postmaster, until

_TOOL = (sys.executable, "-m", "infra.cli")


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_TOOL, *arguments], env=_environment(environment), capture_output=True, text=True, check=False, timeout=120
    )


def _environment(more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **more}


@pytest.mark.parametrize("command", [[], ["migrate"], ["project"]])
def test_every_command_tells_what_it_does(command: list[str]) -> None:
    said = _run(*command, "--help")
    assert said.returncode == 0
    assert "Usage: " in said.stdout


def test_the_version_is_the_products() -> None:
    assert _run("--version").stdout == "production-tool 0.1.0\n"


def test_an_unknown_command_is_a_mistake_not_a_crash() -> None:
    said = _run("rubbish")
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
    said = _run("migrate", **environment)
    assert said.returncode == 1
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr
    assert "hidden" not in said.stderr


def test_migrate_says_what_ran_and_then_that_nothing_is_left(data: Path) -> None:
    first, second = _run("migrate", "--data", str(data)), _run("migrate", "--data", str(data))
    assert first.stdout.splitlines()[0] == "0001_event_log.sql"
    assert second.stdout == "nothing to do\n"


def test_migrate_refuses_a_database_that_is_newer(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_future.sql', 'x')")
    said = _run("migrate", DATABASE_URL=database)
    assert said.returncode == 1
    assert said.stderr == "production-tool: this database is newer than the product: 9999_future.sql ran on it\n"


@pytest.mark.parametrize("command", ["project"])
def test_a_part_refuses_a_database_that_was_never_migrated(empty_database: str, command: str) -> None:
    said = _run(command, DATABASE_URL=empty_database)
    assert said.returncode == 1
    assert "run `production-tool migrate`" in said.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_part_alone_starts_the_embedded_server_and_ends_it_when_told(data: Path, number: signal.Signals) -> None:
    with subprocess.Popen([*_TOOL, "project", "--data", data], env=_environment({}), stderr=subprocess.PIPE) as part:
        cluster = data / "postgres"
        assert until(lambda: _projects(cluster), 60)
        part.send_signal(number)
        _, said = part.communicate(timeout=30)
    assert (part.returncode, said) == (0, b"")
    assert postmaster(cluster) is None


def _projects(cluster: Path) -> bool:
    """Whether somebody listens to the log."""
    running = postmaster(cluster)
    if running is None or not running.is_ready:
        return False
    password = (cluster.parent / "postgres.password").read_text()
    url = f"postgresql://production_tool:{password}@127.0.0.1:{running.port}/postgres"
    with psycopg.connect(url) as connection:
        query = "SELECT FROM pg_stat_activity WHERE application_name LIKE 'production-tool listens%'"
        return connection.execute(query).fetchone() is not None
