"""`python -m infra.bench.markdown FILE.json`: the figures of `bench --json` as a table for a document."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.bench.rows import Row, number

_HEAD = ("What", "Value", "Stock", "Floor", "Must", "Aim", "Lost", "Beside it")


def markdown(rows: Sequence[Row]) -> str:
    """A table in Markdown."""
    lines = [_HEAD, ("---",) * len(_HEAD), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: Row) -> tuple[str, ...]:
    limit = "≤ " if row.at_most else "≥ "
    must, aim = ("-" if target is None else limit + number(target) for target in (row.must, row.aim))
    value = f"{number(row.value)} {row.unit}" + (" (must missed)" if row.missed else "")
    beside = ", ".join(f"{name} {figure:g}" for name, figure in row.more.items())
    return (row.name, value, number(row.stock), number(row.floor), must, aim, str(row.lost), beside)


if __name__ == "__main__":
    print(markdown([Row(**row) for row in json.loads(Path(sys.argv[1]).read_text())]))  # noqa: T201 - what it is for
