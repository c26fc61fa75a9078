"""`infra/embedded.py`: a server that is there for whoever needs it, and gone after the last of them."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.embedded import EmbeddedPostgres
from infra.embedded_binaries import EmbeddedUnavailable
from infra.embedded_guard import postmaster, until

_USER = """
import sys
from pathlib import Path
from infra.embedded import EmbeddedPostgres

with EmbeddedPostgres(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


class _User:
    """Another process that uses the server of `data` until it is told to leave, or killed."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _USER, data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)


def _is_running(data: Path) -> bool:
    return postmaster(data / "postgres") is not None


def _ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


def _write(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def test_it_answers_inside_the_block_and_is_gone_after_it(data: Path) -> None:
    with EmbeddedPostgres(data) as url:
        assert _ask(url, "SELECT current_database()") == "production_tool"
    assert not _is_running(data)


def test_what_was_written_is_there_the_next_time(data: Path) -> None:
    with EmbeddedPostgres(data) as url:
        _write(url)
    with EmbeddedPostgres(data) as url:
        assert _ask(url, "SELECT answer FROM kept") == 42


def test_it_asks_for_a_password_that_only_its_user_can_read(data: Path) -> None:
    with EmbeddedPostgres(data) as url:
        password = (data / "postgres.password").read_text()
        assert (data / "postgres.password").stat().st_mode & 0o777 == 0o600
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url.replace(password, "guessed"))


def test_it_listens_on_this_machine_only(data: Path) -> None:
    with EmbeddedPostgres(data) as url:
        assert _ask(url, "SHOW listen_addresses") == "127.0.0.1"
        assert _ask(url, "SHOW unix_socket_directories") == ""


def test_it_checks_its_pages_and_sorts_alike_everywhere(data: Path) -> None:
    with EmbeddedPostgres(data) as url:
        assert _ask(url, "SHOW data_checksums") == "on"
        assert _ask(url, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"


def test_settings_are_the_servers(data: Path) -> None:
    with EmbeddedPostgres(data, settings={"commit_delay": "1200"}) as url:
        assert _ask(url, "SHOW commit_delay") == "1200"


def test_a_second_process_joins_the_server_of_the_same_directory(data: Path) -> None:
    with EmbeddedPostgres(data) as url:
        user = _User(data)
        assert user.url == url
        user.leave()
        assert _ask(url, "SELECT 1") == 1


def test_the_server_stays_for_who_joined_when_who_started_it_leaves(data: Path) -> None:
    starter = _User(data)
    with EmbeddedPostgres(data) as url:
        starter.leave()
        assert _ask(url, "SELECT 1") == 1
    assert not _is_running(data)


def test_the_server_goes_when_its_only_user_is_killed(data: Path) -> None:
    user = _User(data)
    user.kill()
    assert until(lambda: not _is_running(data), 30)


def test_it_reopens_after_a_kill_with_everything_that_was_committed(data: Path) -> None:
    user = _User(data)
    _write(user.url)
    server = postmaster(data / "postgres")
    assert server
    os.kill(server.pid, signal.SIGKILL)
    user.kill()
    with EmbeddedPostgres(data) as url:
        assert _ask(url, "SELECT answer FROM kept") == 42


def test_a_process_id_that_is_a_strangers_by_now_does_not_keep_it_from_starting(data: Path) -> None:
    with EmbeddedPostgres(data) as url:
        _write(url)
        stale = (data / "postgres" / "postmaster.pid").read_text().splitlines()
    (data / "postgres" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *stale[1:]]))
    with EmbeddedPostgres(data) as url:
        assert _ask(url, "SELECT answer FROM kept") == 42


def test_a_server_whose_guard_was_killed_gets_another(data: Path) -> None:
    first = _User(data)
    os.kill(int((data / "postgres.guard.lock").read_text()), signal.SIGKILL)
    second = _User(data)
    assert second.url == first.url
    first.kill()
    second.kill()
    assert until(lambda: not _is_running(data), 30)


def test_a_half_made_cluster_is_made_again(data: Path) -> None:
    (data / "postgres.new").mkdir()
    (data / "postgres.new" / "PG_VERSION").write_text("18")
    with EmbeddedPostgres(data) as url:
        assert _ask(url, "SELECT 1") == 1


def test_a_cluster_of_another_version_is_refused_in_plain_words(data: Path) -> None:
    with EmbeddedPostgres(data):
        pass
    (data / "postgres" / "PG_VERSION").write_text("11\n")
    with pytest.raises(EmbeddedUnavailable, match="incompatible with"), EmbeddedPostgres(data):
        pass


def test_two_that_start_at_once_share_one_server(data: Path) -> None:
    code = _USER.replace("sys.stdin.read()", "print(sys.stdin.readline(), flush=True)")
    both = [
        subprocess.Popen([sys.executable, "-c", code, data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    urls = [process.stdout.readline() for process in both if process.stdout]
    for process in both:
        process.communicate("\n", timeout=30)
    assert urls[0] == urls[1]
    assert not _is_running(data)


@pytest.fixture
def closed_directory() -> Iterator[Path]:
    path = Path.home() / ".production-tool-test"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    yield path
    shutil.rmtree(path)


def test_it_never_runs_as_root(data: Path) -> None:
    with EmbeddedPostgres(data):
        server = postmaster(data / "postgres")
        assert server
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0


def test_the_data_may_lie_where_nobody_else_can_go(closed_directory: Path) -> None:
    with EmbeddedPostgres(closed_directory / "var") as url:
        assert _ask(url, "SELECT 1") == 1
    assert (closed_directory / "var" / "postgres" / "PG_VERSION").exists()
    assert closed_directory.stat().st_mode & 0o777 == 0o700
