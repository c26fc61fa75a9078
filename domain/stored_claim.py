"""Claims as rows keep them: how who writes a calendar's rows and who reads them understand each other."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, assert_never, cast

from pydantic import TypeAdapter

from domain.calendar import Calendar
from domain.challenge import OpenChallenge
from domain.claims import BookingClaim, HoldClaim, TimeOffClaim
from domain.claims_by_time import ClaimsByTime, HoldClaims

Claim = HoldClaim | BookingClaim | TimeOffClaim | OpenChallenge
Kind = Literal["hold", "booking", "time_off", "challenge"]

_HOLD: Final = TypeAdapter(HoldClaim)
_BOOKING: Final = TypeAdapter(BookingClaim)
_TIME_OFF: Final = TypeAdapter(TimeOffClaim)
_CHALLENGE: Final = TypeAdapter(OpenChallenge)
_NO_BOOKINGS: Final = ClaimsByTime[BookingClaim]()
_NO_TIME_OFF: Final = ClaimsByTime[TimeOffClaim]()
_NO_CHALLENGES: Final = ClaimsByTime[OpenChallenge]()


def kind_of(claim: Claim) -> Kind:
    """What kind of claim it is."""
    match claim:
        case HoldClaim():
            return "hold"
        case BookingClaim():
            return "booking"
        case TimeOffClaim():
            return "time_off"
        case OpenChallenge():
            return "challenge"
        case _:
            assert_never(claim)


def stored(claim: Claim) -> dict[str, Any]:
    """What is shown of a claim, without what its id says and what follows from the rest; ready for JSON."""
    match claim:
        case HoldClaim():
            dump = _HOLD.dump_python(claim, exclude_none=True, exclude={"hold_id", "deadline", "due_at", "spent"})
        case BookingClaim():
            # What un-confirming needs to know is the decisions' own business.
            left_out = {"booking_id", "limits", "arrived_before"}
            dump = _BOOKING.dump_python(claim, exclude_none=True, exclude=left_out)
        case TimeOffClaim():
            dump = _TIME_OFF.dump_python(claim, exclude_none=True, exclude={"time_off_id"})
        case OpenChallenge():
            dump = _CHALLENGE.dump_python(claim, exclude_none=True, exclude={"challenge_id"})
        case _:
            assert_never(claim)
    return cast("dict[str, Any]", dump)


def claim_from(kind: Kind, id: str, said: Mapping[str, Any]) -> Claim:
    """The claim of that kind and id of which `said` is stored."""
    match kind:
        case "hold":
            some_limit = next(iter(said["limits"].values()))
            derived = {"hold_id": id, "deadline": some_limit, "due_at": some_limit["at"]}
            return _HOLD.validate_python({**said, **derived}).with_()
        case "booking":
            return _BOOKING.validate_python({**said, "booking_id": id})
        case "time_off":
            return _TIME_OFF.validate_python({**said, "time_off_id": id})
        case "challenge":
            return _CHALLENGE.validate_python({**said, "challenge_id": id})
        case _:
            assert_never(kind)


def calendar_of(claims: Iterable[Claim]) -> Calendar:
    """A part of a calendar: these claims and nothing else."""
    # A display is thirty times as fast as `dict[str, HoldClaim]()`, and projections make a calendar for each event.
    holds: dict[str, HoldClaim] = {}
    bookings: dict[str, BookingClaim] = {}
    time_off: dict[str, TimeOffClaim] = {}
    challenges: dict[str, OpenChallenge] = {}
    for claim in claims:
        match claim:
            case HoldClaim():
                holds[claim.hold_id] = claim
            case BookingClaim():
                bookings[claim.booking_id] = claim
            case TimeOffClaim():
                time_off[claim.time_off_id] = claim
            case OpenChallenge():
                challenges[claim.challenge_id] = claim
            case _:
                assert_never(claim)
    return Calendar(
        HoldClaims(holds),
        ClaimsByTime(bookings) if bookings else _NO_BOOKINGS,
        ClaimsByTime(time_off) if time_off else _NO_TIME_OFF,
        challenges=ClaimsByTime(challenges) if challenges else _NO_CHALLENGES,
    )
