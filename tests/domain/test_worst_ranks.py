from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.claims import Held, HoldClaim, hold_claim
from domain.claims_by_time import HoldClaims
from domain.clocks import Clock
from domain.queue import AS_RECORDED, ranks, worst_rank
from domain.worst_ranks import worst_ranks

_START = datetime(2031, 3, 1, tzinfo=UTC)


def _at(hours: int) -> datetime:
    return _START + timedelta(hours=hours)


def _clock(hours: int | None) -> Clock | None:
    return None if hours is None else Clock(_at(hours), "a rule", "UTC", "a policy")


def _micros(instant: datetime | None) -> int:
    assert instant is not None
    return round(instant.timestamp() * 1_000_000)


_HOURS = st.integers(0, 40)
_MAYBE = st.none() | _HOURS
_HOLD = st.tuples(_HOURS, _MAYBE, st.sets(st.integers(0, 12), min_size=1, max_size=4), _MAYBE, _MAYBE)


def _claim(number: int, hold: tuple[int, int | None, set[int], int | None, int | None]) -> HoldClaim:
    deadline, respond_by, stretches, first_refusal, commitment = hold
    spans = tuple(
        Held(_at(3 * n), _at(3 * n + 3), "UTC", None, None, None, None, number // 2 + n % 2, clock, commit)
        for n, clock, commit in ((n, _clock(first_refusal), _clock(commitment)) for n in sorted(stretches))
    )
    limit = _clock(deadline)
    assert limit is not None
    return hold_claim(
        hold_id=f"h{number}", project_id="p", spans=spans, limits={"fixed": limit}, respond_by=_clock(respond_by)
    )


@given(st.lists(_HOLD, max_size=6), _MAYBE)
def test_it_is_the_highest_number_of_all_that_the_queue_has(
    holds: list[tuple[int, int | None, set[int], int | None, int | None]], hour: int | None
) -> None:
    claims = {claim.hold_id: claim for claim in (_claim(n, hold) for n, hold in enumerate(holds))}
    calendar = Calendar(HoldClaims(claims))
    now = AS_RECORDED if hour is None else _at(hour)
    expected = {id: worst for id in claims if (worst := worst_rank(ranks(calendar, id, now))) is not None}
    assert (
        worst_ranks(
            {
                id: (
                    _micros(claim.deadline.at),
                    None if claim.respond_by is None else _micros(claim.respond_by.at),
                    [
                        (
                            _micros(span.starts_at),
                            _micros(span.ends_at),
                            span.place,
                            min(
                                (_micros(c.at) for c in (span.first_refusal, span.commitment) if c is not None),
                                default=None,
                            ),
                        )
                        for span in claim.spans
                    ],
                )
                for id, claim in claims.items()
            },
            None if hour is None else _micros(_at(hour)),
        )
        == expected
    )
