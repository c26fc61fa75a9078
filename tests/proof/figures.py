"""What a campaign prints at its end: its figures, and what they were made with."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def told_in_figures(
    *, operations: str, faults: Mapping[str, int], violations: int, seed: int | None = None, **more: str
) -> None:
    """Print them in a line; `more` is what is measured besides."""
    made_with = f"commit {_commit()}" if seed is None else f"seed {seed}, commit {_commit()}"
    failed = ", ".join(f"{times} times {kind}" for kind, times in faults.items())
    besides = [f"{name.replace('_', ' ')}: {value}" for name, value in more.items()]
    line = "; ".join([f"{made_with}: {operations}", failed, *besides, f"{violations} violations"])
    print(f"\n{line}", flush=True)  # noqa: T201 - they are the campaign's result


def _commit() -> str:
    """As git calls it, with a sign of what is not committed; a copy without git has none."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    command = [git, "-C", str(_ROOT), "describe", "--always", "--dirty"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"
