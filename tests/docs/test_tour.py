"""The tour: its blocks pasted into a shell, one after another, beside a real server, print what stands below them."""

import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.infra.command_line import environment_with
from tests.infra.test_up import up

TOUR = Path(__file__).resolve().parents[2] / "docs" / "guides" / "tour.md"
STEP = re.compile(r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "--- end of a block ---"

SHORTENED = {"seconds=120": "seconds=20", "sleep 1;": "sleep 0.2;"}
"""Nobody reads meanwhile."""


def steps() -> list[tuple[str, str]]:
    """What is pasted, and what that prints."""
    return [(found[1], found[2]) for found in STEP.finditer(TOUR.read_text())]


def as_printed(expected: str) -> str:
    """The pattern of what stands below a block."""
    return ".*".join(re.escape(part) for part in expected.split("…"))


def test_every_block_of_the_tour_is_pasted() -> None:
    assert TOUR.read_text().count("```sh") == TOUR.read_text().count("```text") == len(steps()) > 5


def test_the_tour_prints_what_it_says(data: Path, tmp_path: Path) -> None:
    with up(data) as running:
        script = "\n".join(f"{block}\necho '{END}'" for block, _ in steps())
        for said, quicker in {**SHORTENED, "http://127.0.0.1:8000": running.of("API")}.items():
            assert said in script
            script = script.replace(said, quicker)
        path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        pasted = subprocess.run(
            ["/bin/bash", "-eu", "-o", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environment_with({"PRODUCTION_TOOL_DATA": str(data), "PATH": path}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        ended = running.end(signal.SIGINT)
    assert ended == (0, "")
    assert (pasted.returncode, pasted.stderr) == (0, ""), pasted.stdout
    printed = pasted.stdout.split(f"{END}\n")
    for (block, expected), found in zip(steps(), printed[:-1], strict=True):
        assert re.fullmatch(as_printed(expected), found, re.DOTALL), f"{block}\nprinted\n{found}"
