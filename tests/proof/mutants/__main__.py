"""Planted bugs: each must turn the check red that claims to catch it. `make mutants`.

A check that no mutant can fail proves nothing. Each mutant changes one place in a copy of the tree and runs there the
tests that ought to notice; a mutant that survives, or whose place is gone, fails the run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.proof.mutants import clock, kafka, log, projector, redis, rules, tenancy
from tests.proof.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[3]
PYTEST = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:cov")
COPIED = ("pyproject.toml", "domain", "commands", "projections", "read_api", "consumers", "infra", "tests")

MUTANTS = tuple(one for area in (log, tenancy, rules, clock, projector, redis, kafka) for one in area.MUTANTS)


def survives(mutant: Mutant, tree: Path) -> str | None:
    """Why the mutant was not caught, or None."""
    place = tree / mutant.file
    text = place.read_text()
    if text.count(mutant.old) != 1:
        return f"its place is in {mutant.file} {text.count(mutant.old)} times"
    place.write_text(text.replace(mutant.old, mutant.new))
    try:
        run = subprocess.run(
            [sys.executable, *PYTEST, *mutant.caught_by],
            cwd=tree,
            env={**os.environ, "PROOF_ANY_STORY": "yes", "PROOF_STORIES": os.environ.get("PROOF_STORIES", "300")},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
    finally:
        place.write_text(text)
    if run.returncode == 0:
        return f"{', '.join(mutant.caught_by)} stayed green"
    # 1 is failing tests; anything else is a run that did not get as far.
    return None if run.returncode in {1, 70} else f"the tests did not run:\n{run.stdout[-2000:]}{run.stderr[-2000:]}"


def say(line: str) -> None:
    """Print it now: a run takes minutes."""
    print(line, flush=True)  # noqa: T201


def main(wanted: Sequence[str]) -> int:
    """Try the mutants whose names contain one of `wanted`, or all."""
    chosen = [m for m in MUTANTS if not wanted or any(word in m.name for word in wanted)]
    alive = 0
    with tempfile.TemporaryDirectory(prefix="production-tool-mutants-") as directory:
        tree = Path(directory)
        tree.chmod(0o755)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, tree / name)
        for mutant in chosen:
            reason = survives(mutant, tree)
            alive += reason is not None
            say(f"caught    {mutant.name}" if reason is None else f"SURVIVED  {mutant.name}: {reason}")
    say(f"{len(chosen) - alive} of {len(chosen)} mutants caught")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
