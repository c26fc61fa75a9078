"""What came of an import of permits: figures for people, and every refusal for a spreadsheet."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from infra.permit_file import ONE_WEEK, Unreadable

_EXAMPLES: Final = 3


class Refusal(NamedTuple):
    """A hold that was not placed, and why."""

    event_id: str
    zip: str
    code: str
    detail: str


@dataclass(slots=True, kw_only=True)
class Report:
    """Counts of holds, unless they say otherwise."""

    permits: int
    holds: int
    moved: timedelta
    first: datetime
    """The earliest wall time once moved."""
    skipped_times: int
    repeated_times: int
    unreadable: tuple[Unreadable, ...]
    accepted: int = 0
    there: int = 0
    """Placed by an earlier import."""
    refused: list[Refusal] = field(default_factory=list)
    seq_before: int = 0
    seq_after: int = 0
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """How many have been answered."""
        return self.accepted + self.there + len(self.refused)

    def __str__(self) -> str:
        """The lines to print."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.permits:,} permits, {self.holds:,} holds"
        yield f"moved by {self.moved // ONE_WEEK} weeks: the first begins on {self.first:%Y-%m-%d}"
        yield f"{self.accepted:,} accepted, {self.there:,} were there already, {len(self.refused):,} refused"
        by_code = defaultdict[str, list[Refusal]](list)
        for refusal in self.refused:
            by_code[refusal.code].append(refusal)
        for code, refusals in sorted(by_code.items(), key=lambda item: -len(item[1])):
            yield f"  {code}: {len(refusals):,}"
            for refusal in refusals[:_EXAMPLES]:
                yield f"    permit {refusal.event_id}, zip {refusal.zip}: {refusal.detail}"
        if self.unreadable:
            yield f"{len(self.unreadable):,} rows are no permits"
            for one in self.unreadable[:_EXAMPLES]:
                yield f"    row {one.row}: {one.why}"
        if self.skipped_times:
            yield f"{self.skipped_times:,} times fall into a gap of the clocks: read with the offset before it"
        if self.repeated_times:
            yield f"{self.repeated_times:,} times are shown twice by the clocks: read as the first"
        yield f"{self.seconds:.1f} s, {self.holds / self.seconds if self.seconds else 0:,.0f} holds/s"
        change = "nothing has changed" if self.seq_before == self.seq_after else f"at {self.seq_before:,} before"
        yield f"the tenant's log ends at {self.seq_after:,}: {change}"

    def write_refused(self, file: Path) -> None:
        """Every refusal and every row that is no permit, as CSV.

        Raises:
            OSError: it cannot be written.
        """
        with file.open("w", newline="", encoding="utf-8") as text:
            rows = csv.writer(text)
            rows.writerow(["EventID", "ZipCode", "code", "detail"])
            rows.writerows(self.refused)
            rows.writerows([one.event_id, "", "unreadable", f"row {one.row}: {one.why}"] for one in self.unreadable)
