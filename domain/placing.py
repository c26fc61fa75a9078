"""Placing a hold, and moving it to other dates: what is added joins the back of the queue."""

from domain import limits
from domain.artist import IdTaken
from domain.calendar import TimeChanged, TimeHeld
from domain.challenge import Contested
from domain.claims import Consent, HoldClaim, held
from domain.clocks import Clock
from domain.errors import Refused
from domain.event import Event
from domain.hold import Hold, HoldPlaced
from domain.hold_limits import fresh_limits, redated
from domain.overrides import Overrides
from domain.queue import depth
from domain.spans import InThePast, Span, intersect, overlap, plain, subtract, union
from domain.turn import Turn


class QueueFull(Refused):
    """As many hold this time as the policy allows."""

    code = "queue_full"


class Spent(Refused):
    """The hold was confirmed there, or lost that time to a clock; it takes another hold to stand there."""

    code = "spent"


class AlreadyBooked(Refused):
    """The time is booked, and the policy lets nobody stand by behind bookings."""

    code = "already_booked"


class OnTimeOff(Refused):
    """The artist is not available; an override can accept that."""

    code = "on_time_off"


def place(
    turn: Turn,
    hold: Hold,
    wish: HoldPlaced,
    *,
    hold_id: str,
    spans: tuple[Span, ...],
    permissions: frozenset[str],
) -> list[Event]:
    """Queue `wish` on the calendar of `turn`, and say what to record on the hold itself.

    Raises:
        IdTaken: another hold has this id.
        InThePast, OnTimeOff, AlreadyBooked, QueueFull: the time cannot be held.
    """
    if hold.placed is not None:
        if hold.placed != wish:
            raise IdTaken("Another hold has this id.")
        return []
    if spans[-1].ends_at <= turn.now:
        raise InThePast("All of this time has gone by.")
    _must_be_free_to_hold(
        turn, spans, Overrides(wish.overrides, permissions), project_id=wish.project_id, hold_id=hold_id
    )
    asked = turn.artist.consent != "staff"
    turn.record(
        TimeHeld(
            hold_id=hold_id,
            project_id=wish.project_id,
            job_id=wish.job_id,
            group_id=None if wish.group is None else wish.group.id,
            spans=tuple(held(span, turn.calendar.next_place) for span in spans),
            limits=fresh_limits(turn, spans, accepted=not asked),
            consent="asked" if asked else "not_needed",
            respond_by=limits.response(turn.policy, now=turn.now, zone=turn.zone) if asked else None,
        )
    )
    return [wish]


def change(
    turn: Turn,
    claim: HoldClaim,
    spans: tuple[Span, ...],
    *,
    overrides: Overrides,
) -> bool:
    """Move a hold to `spans`; False when it is there already. Kept time keeps its place, added time joins the back.

    Time that the artist has not accepted is asked for afresh, unless the artist offered it.

    Raises:
        InThePast, OnTimeOff, AlreadyBooked, QueueFull: the added time cannot be held.
        Contested: time to be dropped is.
        Spent: the hold has been confirmed, or has lapsed, on added time.
    """
    added, dropped = subtract(spans, claim.spans), plain(subtract(claim.spans, spans))
    if not added and not dropped:
        return False
    for challenge in turn.calendar.challenges.on(dropped):
        if claim.hold_id in {challenge.hold_id, *challenge.challenged}:
            raise Contested("That time is contested: answer the challenge, or release the time.")
    if spans[-1].ends_at <= turn.now:
        raise InThePast("All of this time has gone by.")
    if overlap(added, union(claim.spent)):
        raise Spent("This hold was confirmed there, or has lapsed there: place another.")
    if added:
        _must_be_free_to_hold(turn, added, overrides, project_id=claim.project_id, hold_id=claim.hold_id)
    state, respond_by = _consent_after_change(turn, claim, spans, added=bool(added))
    place = turn.calendar.next_place
    turn.record(
        TimeChanged(
            hold_id=claim.hold_id,
            added=added,
            dropped=dropped,
            spans=union((*intersect(claim.spans, spans), *(held(span, place) for span in added))),
            limits=redated(turn, claim, spans, accepted=state == "given"),
            consent=state,
            respond_by=respond_by,
        ),
        freed=dropped,
    )
    return True


def _consent_after_change(
    turn: Turn, claim: HoldClaim, spans: tuple[Span, ...], *, added: bool
) -> tuple[Consent, Clock | None]:
    if claim.consent == "countered" and not subtract(spans, claim.offered):
        return "given", None
    if turn.artist.consent == "staff" or not added:
        return claim.consent, claim.respond_by
    return "asked", limits.response(turn.policy, now=turn.now, zone=turn.zone)


def _must_be_free_to_hold(
    turn: Turn,
    spans: tuple[Span, ...],
    overrides: Overrides,
    *,
    project_id: str,
    hold_id: str,
) -> None:
    calendar = turn.calendar
    on_time_off(turn, spans, overrides)
    if not turn.policy.holds_behind_bookings and (booked := calendar.bookings.on(spans)):
        raise AlreadyBooked("This time is booked.", conflicts=[b.booking_id for b in booked])
    rivals = [h for h in calendar.holds.on(spans) if h.hold_id != hold_id]
    if not rivals:
        return
    deepest = depth(calendar, turn.now, spans)
    if deepest >= turn.policy.max_depth:
        raise QueueFull(f"{deepest} holds stand there already, as many as the policy allows.", depth=deepest)
    if same := [h.hold_id for h in rivals if h.project_id == project_id]:
        turn.warn("same_project", "The project already holds some of this time.", holds=same)


def on_time_off(turn: Turn, spans: tuple[Span, ...], overrides: Overrides) -> None:
    """Refuse what lies on approved time off, unless that is accepted; warn of what was only asked for.

    Raises:
        OnTimeOff: the artist is away.
    """
    off = turn.calendar.time_off.on(spans)
    if not off:
        return
    approved = [t.time_off_id for t in off if t.approved]
    if refused := overrides.refused(approved, "over_time_off"):
        raise OnTimeOff("The artist is on time off.", conflicts=refused)
    if asked := [t.time_off_id for t in off if not t.approved]:
        turn.warn("time_off_requested", "The artist has asked for some of this time off.", time_off=asked)
