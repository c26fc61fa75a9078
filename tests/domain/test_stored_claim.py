from pydantic_core import from_json, to_json

from domain.challenge import Intent, OpenChallenge
from domain.claims import BookingClaim, TimeOffClaim, hold_claim
from domain.stored_claim import Claim, calendar_of, claim_from, kind_of, stored
from tests.projections.story import BOOKING, HOLD, OTHER_HOLD, PROJECT, clock, limits, march, time


def back(id: str, claim: Claim) -> Claim:
    return claim_from(kind_of(claim), id, from_json(to_json(stored(claim))))


def test_a_hold_comes_back_with_its_deadline_worked_out() -> None:
    claim = hold_claim(
        hold_id=HOLD,
        project_id=PROJECT,
        spans=(march(1, 2), march(7, 8, first_refusal=clock(9))),
        limits={"fixed": clock(400), **limits(300)},
        respond_by=clock(48),
        consent="asked",
    )
    assert back(HOLD, claim) == claim


def test_time_off_and_challenges_come_back_as_they_were() -> None:
    off = TimeOffClaim(BOOKING, time(1, 2), approved=True)
    challenge = OpenChallenge(
        BOOKING,
        HOLD,
        PROJECT,
        time(1, 2),
        (OTHER_HOLD,),
        clock(24),
        ((OTHER_HOLD, Intent("confirm", time(1, 1))),),
    )
    assert back(BOOKING, off) == off
    assert back(BOOKING, challenge) == challenge


def test_a_booking_comes_back_without_what_only_decisions_need() -> None:
    claim = BookingClaim(BOOKING, PROJECT, (march(1, 2),), limits=limits(), arrived_before=7)
    assert back(BOOKING, claim) == BookingClaim(BOOKING, PROJECT, (march(1, 2),))


def test_a_calendar_of_claims_has_each_of_them_in_its_place() -> None:
    hold = hold_claim(hold_id=HOLD, project_id=PROJECT, spans=(march(1, 2),), limits=limits())
    booking = BookingClaim(BOOKING, PROJECT, (march(1, 1),))
    off = TimeOffClaim(OTHER_HOLD, time(2, 1), approved=True)
    challenge = OpenChallenge(PROJECT, HOLD, PROJECT, time(1, 2), (OTHER_HOLD,), clock(24))
    calendar = calendar_of([challenge, off, booking, hold])
    assert dict(calendar.holds) == {HOLD: hold}
    assert dict(calendar.bookings) == {BOOKING: booking}
    assert dict(calendar.time_off) == {OTHER_HOLD: off}
    assert dict(calendar.challenges) == {PROJECT: challenge}
