"""What a process knows of rows in Redis is believed where it has learnt it, and nowhere else."""

from infra.redis_kept import Kept
from infra.redis_script import NOWHERE, Place
from projections.dashboard import BOOKINGS

MODEL = ("tenant", "dashboard")
KEY = ("tenant", "booking")
ROW = {"tenant_id": "tenant", "booking_id": "booking", "days": [[1, 2]]}
AT = Place(5, "life", "v1", 1)


def known() -> Kept:
    kept = Kept()
    kept.learn(MODEL, was=NOWHERE, to=AT, rows={BOOKINGS: {KEY: ROW}}, parked=[])
    return kept


def test_a_row_is_known_where_it_was_learnt() -> None:
    assert known().rows(MODEL, AT, BOOKINGS) == {KEY: ROW}
    assert known().parked(MODEL, AT) == []


def test_at_any_other_place_nothing_is_known() -> None:
    for other in (
        AT._replace(seq=6),
        AT._replace(incarnation="another"),
        AT._replace(edition="v2"),
        AT._replace(retried=2),
    ):
        assert known().rows(MODEL, other, BOOKINGS) == {}
        assert known().parked(MODEL, other) is None


def test_who_goes_on_from_another_place_knows_only_what_it_learns_there() -> None:
    kept, on = known(), AT._replace(seq=9)
    kept.learn(MODEL, was=AT._replace(seq=7), to=on, rows={BOOKINGS: {}}, parked=[])
    assert kept.rows(MODEL, on, BOOKINGS) == {}
    kept = known()
    kept.learn(MODEL, was=AT, to=on, rows={BOOKINGS: {}}, parked=[])
    assert kept.rows(MODEL, on, BOOKINGS) == {KEY: ROW}
