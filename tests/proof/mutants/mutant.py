"""One planted bug."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A bug: `old` becomes `new` in `file`, and `caught_by` must fail."""

    name: str
    file: str
    old: str
    new: str
    caught_by: tuple[str, ...]
