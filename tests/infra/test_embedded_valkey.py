"""`infra/embedded_valkey.py`: its life is that of the embedded Postgres; here is what is its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from infra.embedded_binaries import EmbeddedUnavailable
from infra.embedded_guard import until, valkey
from infra.embedded_valkey import EmbeddedValkey

_USER = """
import sys
from pathlib import Path
from infra.embedded_valkey import EmbeddedValkey

with EmbeddedValkey(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def _client(url: str) -> Redis:
    return Redis.from_url(url, decode_responses=True)


def _user(data: Path) -> tuple[subprocess.Popen[str], str]:
    """Another process that uses the server of `data`, and what it calls it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _USER, data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    return process, process.stdout.readline().strip()


def test_it_answers_inside_the_block_and_is_gone_after_it(data: Path) -> None:
    with EmbeddedValkey(data) as url, _client(url) as client:
        assert client.ping()
    assert valkey(data / "valkey") is None


def test_what_was_written_is_there_the_next_time(data: Path) -> None:
    with EmbeddedValkey(data) as url, _client(url) as client:
        client.set("kept", "42")
    with EmbeddedValkey(data) as url, _client(url) as client:
        assert client.get("kept") == "42"


def test_it_never_throws_a_key_away_and_writes_everything_down(data: Path) -> None:
    with EmbeddedValkey(data) as url, _client(url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_its_password_is_in_a_file_of_ours_and_on_no_command_line(data: Path) -> None:
    with EmbeddedValkey(data) as url:
        password = (data / "valkey.password").read_text()
        assert (data / "valkey.password").stat().st_mode & 0o777 == 0o600
        server = valkey(data / "valkey")
        assert server
        assert password not in Path(f"/proc/{server.pid}/cmdline").read_text()
        with pytest.raises(AuthenticationError), _client(url.replace(password, "guessed")) as client:
            client.ping()


def test_a_second_process_joins_it_and_keeps_it_when_the_first_is_killed(data: Path) -> None:
    starter, its_url = _user(data)
    with EmbeddedValkey(data) as url, _client(url) as client:
        assert url == its_url
        starter.kill()
        starter.communicate(timeout=30)
        assert client.ping()
    assert valkey(data / "valkey") is None


def test_it_goes_when_its_only_user_is_killed(data: Path) -> None:
    user, _ = _user(data)
    user.kill()
    user.communicate(timeout=30)
    assert until(lambda: valkey(data / "valkey") is None, 30)


def test_it_reopens_after_a_kill_with_what_had_been_written_down(data: Path) -> None:
    user, url = _user(data)
    with _client(url) as client:
        client.set("kept", "42")
        client.execute_command("WAITAOF", 1, 0, 5000)
    server = valkey(data / "valkey")
    assert server
    os.kill(server.pid, signal.SIGKILL)
    user.kill()
    user.communicate(timeout=30)
    with EmbeddedValkey(data) as url, _client(url) as client:
        assert client.get("kept") == "42"


def test_it_never_runs_as_root(data: Path) -> None:
    with EmbeddedValkey(data):
        server = valkey(data / "valkey")
        assert server
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0


def test_a_program_that_does_not_start_is_reported_in_plain_words(data: Path) -> None:
    with pytest.raises(EmbeddedUnavailable, match="embedded Valkey does not start"):
        EmbeddedValkey(data, program=Path("/bin/false")).__enter__()
