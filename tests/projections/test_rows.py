from projections.rows import Rows
from projections.table import Table

ANIMALS = Table(
    name="animals",
    key=("tenant_id", "name"),
    columns={"tenant_id": "uuid", "name": "text", "legs": "json"},
    said={"legs": lambda legs: [*legs]},
)


def test_what_a_row_holds_stays_an_object_until_it_is_written() -> None:
    rows, legs = Rows({}), frozenset({"left"})
    rows.put(ANIMALS, {"tenant_id": "t", "name": "parrot", "legs": legs})
    row = rows.get(ANIMALS, ("t", "parrot"))
    assert row is not None
    assert row["legs"] is legs
    assert rows.written(ANIMALS) == [{"tenant_id": "t", "name": "parrot", "legs": ["left"]}]


def test_a_row_that_is_removed_is_not_written() -> None:
    rows = Rows({})
    rows.put(ANIMALS, {"tenant_id": "t", "name": "parrot", "legs": frozenset()})
    rows.remove(ANIMALS, ("t", "parrot"))
    assert rows.written(ANIMALS) == []
    assert rows.removed(ANIMALS) == [("t", "parrot")]
