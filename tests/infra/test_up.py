"""`production-tool up`: the whole product, from nothing to an answer and to its end."""

import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.embedded_guard import postmaster, until
from tests.infra.command_line import TOOL, environment_with
from tests.infra.topics import environment, fresh, seqs


@dataclass
class Up:
    """One that is ready."""

    process: subprocess.Popen[str]
    printed: list[str]

    def of(self, what: str) -> str:
        """The rest of the line that begins so."""
        (line,) = [line for line in self.printed if line.startswith(what)]
        return line.removeprefix(what).strip()

    def pasted(self) -> Any:  # noqa: ANN401 - JSON
        """What the curl line that was printed gives."""
        _, header, url = shlex.split(self.of("curl"))
        name, value = header.split(": ")
        return httpx.get(url, headers={name: value}, trust_env=False).raise_for_status().json()

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Exit status and stderr."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def up(data: Path, **more: str) -> Iterator[Up]:
    command = [*TOOL, "up", "--port", "0", "--data", str(data)]
    with subprocess.Popen(
        command, env=environment_with(more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        printed = list[str]()
        for line in process.stdout:
            printed.append(line)
            if line.startswith("Ctrl-C"):
                break
        assert printed, process.communicate()
        try:
            yield Up(process, printed)
        finally:
            process.kill()


def test_one_command_from_nothing_to_an_answer_and_one_ctrl_c_to_its_end(data: Path) -> None:
    with up(data) as running:
        events = running.pasted()["items"]
        docs = httpx.get(running.of("docs"), trust_env=False)
        board = httpx.get(running.of("board"), trust_env=False)
        ended = running.end(signal.SIGINT)
    assert events[0]["type"] == "tenant.policy_adopted.v1"
    assert [event["data"].get("name") for event in events[1:3]] == ["Ana", "Ben"]
    assert "Sign in" in board.text
    assert docs.is_success
    assert ended == (0, "")
    assert postmaster(data / "postgres") is None


def test_what_was_written_is_there_the_next_time_and_reads_show_it(data: Path, empty_database: str) -> None:
    with up(data, DATABASE_URL=empty_database) as first:
        headers = {"Authorization": _bearer(first), "Idempotency-Key": "mo"}
        http = httpx.Client(base_url=first.of("API"), headers=headers, trust_env=False)
        with http:
            added = http.post("/v1/artists", json={"name": "Mo", "time_zone": "Europe/Berlin"})
            shown = http.get("/v1/artists", headers={"Consistency-Token": added.headers["Consistency-Token"]})
        assert first.end(signal.SIGTERM) == (0, "")
    assert shown.json()["items"][-1]["name"] == "Mo"
    with up(data, DATABASE_URL=empty_database) as second:
        with httpx.Client(
            base_url=second.of("API"), headers={"Authorization": _bearer(second)}, trust_env=False
        ) as http:
            names = [artist["name"] for artist in http.get("/v1/artists?limit=200").json()["items"]]
        assert second.end(signal.SIGINT) == (0, "")
    assert names.count("Ana") == names.count("Mo") == 1


def test_where_brokers_are_set_it_goes_through_kafka(data: Path, kafka: str) -> None:
    topic = fresh(kafka)
    with up(data, **environment(topic)) as running:
        headers = {"Authorization": _bearer(running), "Idempotency-Key": "mo"}
        with httpx.Client(base_url=running.of("API"), headers=headers, trust_env=False, timeout=30) as http:
            added = http.post("/v1/artists", json={"name": "Mo", "time_zone": "Europe/Berlin"})
            token = {"Consistency-Token": added.headers["Consistency-Token"]}
            assert until(lambda: http.get("/v1/artists", headers=token).is_success, 60)
            shown = http.get("/v1/artists", headers=token)
        assert running.end(signal.SIGTERM) == (0, "")
    assert "Mo" in [artist["name"] for artist in shown.json()["items"]]
    (relayed,) = seqs(topic).values()
    assert sorted(set(relayed)) == list(range(1, max(relayed) + 1))
    assert max(relayed) >= added.json()["seq"]


def test_ctrl_c_while_it_begins_is_no_mistake(data: Path) -> None:
    command = [*TOOL, "up", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, env=environment_with({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert until((data / "postgres.start.lock").exists, 30)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=30)
    assert (process.returncode, printed, said) == (0, b"", b"")
    assert postmaster(data / "postgres") is None


def _bearer(running: Up) -> str:
    _, header, _ = shlex.split(running.of("curl"))
    return header.removeprefix("Authorization: ")
