"""A row of the benchmark table, and the table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure with what it stands beside: the stock library and a bare insert of the same run, and the two targets.

    `value`, `stock`, `floor`, `must` and `aim` are in `unit`; more is better unless `at_most`. `lost` counts what was
    acknowledged and is not in the log.
    """

    name: str
    value: float
    unit: str
    stock: float | None = None
    floor: float | None = None
    must: float | None = None
    aim: float | None = None
    lost: int = 0
    at_most: bool = False
    more: dict[str, float] = field(default_factory=dict)
    """Other figures of the same run, such as percentiles in ms."""

    @property
    def missed(self) -> bool:
        """Whether the must was missed, or anything was lost."""
        return self.lost > 0 or (self.must is not None and not self._reaches(self.must))

    @property
    def reached_aim(self) -> bool:
        """Whether the aim was reached."""
        return self.aim is not None and self._reaches(self.aim)

    def _reaches(self, target: float) -> bool:
        return self.value <= target if self.at_most else self.value >= target

    def as_json(self) -> dict[str, object]:
        """The row for a file."""
        return asdict(self)


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    ordered = sorted(seconds)
    return {f"p{p} ms": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 2) for p in (50, 95, 99)}


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table, and below it what else was measured."""
    table = Table("name", "value", "unit", "stock", "floor", "must", "aim", "lost", "", box=None, pad_edge=False)
    for row in rows:
        verdict = "[red]must missed[/]" if row.missed else "aim reached" if row.reached_aim else _how_far(row)
        targets = [number(figure) for figure in (row.stock, row.floor, row.must, row.aim)]
        table.add_row(row.name, number(row.value), row.unit, *targets, str(row.lost), verdict)
    console.print(table)
    for row in rows:
        if row.more:
            more = ", ".join(f"{name} {value:g}" for name, value in row.more.items())
            console.print(f"{row.name}: {more}", style="dim", highlight=False, soft_wrap=True)


def _how_far(row: Row) -> str:
    if row.aim is None:
        return ""
    return f"{100 * (row.aim / row.value if row.at_most else row.value / row.aim):.0f} % of the aim"


def number(figure: float | None) -> str:
    """A figure for people; `-` for none."""
    return "-" if figure is None else f"{figure:,.0f}" if figure >= 100 else f"{figure:g}"  # noqa: PLR2004
