"""`production-tool` as its user meets it: in a process of its own."""

import os
import subprocess
import sys

_SERVERS = {"DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL"}
"""What a test says itself, if it wants one."""
TOOL = (sys.executable, "-m", "infra.cli")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TOOL, *arguments],
        env=environment_with(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def environment_with(more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _SERVERS}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **more}
