"""`production-tool bench NAME…`: measures, prints, keeps the figures, and says whether they suffice."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from infra.bench.append import Progress, append_rows
from infra.bench.board import board_rows
from infra.bench.domain import domain_rows
from infra.bench.end_to_end import end_to_end_rows
from infra.bench.http import http_rows
from infra.bench.into_redis import into_redis_rows
from infra.bench.kept_reads import kept_rows
from infra.bench.live import live_rows
from infra.bench.project import A_TENANT, SIZES, project_rows
from infra.bench.reads import reads_rows
from infra.bench.relay import relay_rows
from infra.bench.rows import Row, show

Measure = Callable[[float, Progress], list[Row]]
"""Measures for so many seconds a row and round, and says how far it is."""

_WIDE: Final = 160
"""Characters, where no terminal says how many there are: so that a row stays one line in a file."""


def measures(sizes: Sequence[int] = SIZES) -> Mapping[str, Measure]:
    """What there is to measure, by name; what reads a whole log does so with logs of these numbers of events.

    Raises:
        typer.BadParameter: there can be no such log.
    """
    if any(size <= 0 or size % A_TENANT for size in sizes):
        raise typer.BadParameter(f"a log that is read whole has a multiple of {A_TENANT:,} events")
    growing = sorted(set(sizes))
    return {
        "domain": domain_rows,
        "append": append_rows,
        "http": http_rows,
        "live": live_rows,
        "board": board_rows,
        "project": partial(project_rows, sizes=growing),
        "relay": partial(relay_rows, sizes=growing),
        "end-to-end": partial(end_to_end_rows, sizes=growing),
        "redis": into_redis_rows,
        "reads": lambda seconds, progress: [*kept_rows(seconds, progress), *reads_rows(seconds, progress)],
    }


MEASURES: Final = measures()


def bench(
    names: Sequence[str], json_file: Path | None, seconds: float, *, among: Mapping[str, Measure] = MEASURES
) -> bool:
    """Measure what is named, for `seconds` a row and round; whether every must was reached and nothing was lost.

    Tables go to stdout, progress to stderr, and the rows so far as a JSON list to `json_file`.

    Raises:
        typer.BadParameter: a name is unknown, `json_file` cannot be written, or `seconds` is no time.
        BenchFailed: a server did not start, or did not go on answering.
    """
    unknown = sorted(set(names) - set(among))
    if unknown or not names:
        raise typer.BadParameter(f"there is no benchmark {', '.join(unknown)!r}; there are: {', '.join(among)}")
    if seconds <= 0:
        raise typer.BadParameter("seconds must be more than 0")
    rows: list[Row] = []
    _write(json_file, rows)
    say = Console() if sys.stdout.isatty() else Console(width=_WIDE)
    tell = Console(stderr=True, style="dim", highlight=False)
    for name in dict.fromkeys(names):
        found = among[name](seconds, tell.print)
        show(found, say)
        rows += found
        _write(json_file, rows)
    return not any(row.missed for row in rows)


def _write(json_file: Path | None, rows: Sequence[Row]) -> None:
    """Once before anything is measured too, so that minutes of work do not end at a typing error."""
    if json_file is None:
        return
    try:
        json_file.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n")
    except OSError as error:
        raise typer.BadParameter(f"{json_file}: {error.strerror}") from error
