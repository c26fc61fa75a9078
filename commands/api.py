"""The routes of commands: POST, one atomic step each; PUT for the one policy.

A signature says who may (`May`), what the path names and what the body says; `commands/api_route.py` does the rest.
"""

from typing import Annotated

from commands import (
    artist,
    booking,
    booking_changes,
    calendar,
    challenge,
    consent,
    feed,
    hold,
    job,
    project,
    tenant,
    time_off,
)
from commands.api_answers import (
    Answer,
    BookingAnswer,
    CalendarAnswer,
    CancelAnswer,
    ChallengeAnewAnswer,
    ChallengeAnswer,
    ConfirmAnswer,
    FeedAnswer,
    HoldAnswer,
    IntentAnswer,
    PolicyAnswer,
    TimeOffAnswer,
    UnconfirmAnswer,
)
from commands.api_batch import BatchRoute
from commands.api_route import Ask, CommandRouter, May
from commands.body import Id
from commands.log import Outcome
from domain.permission import Permission

AdoptsPolicy = Annotated[Ask, May(Permission.ADOPT_POLICY)]
AnswersHolds = Annotated[Ask, May(Permission.ANSWER_HOLDS)]
ApprovesTimeOff = Annotated[Ask, May(Permission.APPROVE_TIME_OFF)]
CancelsBookings = Annotated[Ask, May(Permission.CANCEL_BOOKINGS)]
Challenges = Annotated[Ask, May(Permission.CHALLENGE)]
JumpsQueue = Annotated[Ask, May(Permission.JUMP_QUEUE)]
MakesBookings = Annotated[Ask, May(Permission.MAKE_BOOKINGS)]
ManagesArtists = Annotated[Ask, May(Permission.MANAGE_ARTISTS)]
ManagesJobs = Annotated[Ask, May(Permission.MANAGE_JOBS)]
ManagesProjects = Annotated[Ask, May(Permission.MANAGE_PROJECTS)]
PlacesHolds = Annotated[Ask, May(Permission.PLACE_HOLDS)]
SharesCalendars = Annotated[Ask, May(Permission.SHARE_CALENDARS)]
RequestsTimeOff = Annotated[Ask, May(Permission.REQUEST_TIME_OFF)]

router = CommandRouter()


@router.command("/v1/holds", HoldAnswer, tag="holds", status=201)
async def place_hold(ask: PlacesHolds, command: hold.PlaceHold) -> Outcome:
    """Queue up for an artist's time.

    The hold goes to the back of the queue on each stretch of its time; the answer says which rank that is.
    """
    return await hold.place_hold(ask.log, ask.context, command)


@router.command("/v1/holds/{id}/release", HoldAnswer, tag="holds")
async def release_hold(ask: PlacesHolds, id: Id, command: hold.ReleaseHold) -> Outcome:
    """Let go of all of a hold, or of some of its time; those behind move up."""
    return await hold.release_hold(ask.log, ask.context, id, command)


@router.command("/v1/holds/{id}/change", HoldAnswer, tag="holds")
async def change_hold(ask: PlacesHolds, id: Id, command: hold.ChangeHold) -> Outcome:
    """Hold other time: what is kept keeps its place, what is added goes to the back."""
    return await hold.change_hold(ask.log, ask.context, id, command)


@router.command("/v1/holds/{id}/extend", HoldAnswer, tag="holds")
async def extend_hold(ask: PlacesHolds, id: Id, command: hold.ExtendHold) -> Outcome:
    """Take more time to decide, as often as the policy allows."""
    return await hold.extend_hold(ask.log, ask.context, id, command)


@router.command("/v1/holds/{id}/keep", HoldAnswer, tag="holds")
async def keep_hold(ask: PlacesHolds, id: Id, command: hold.KeepHold) -> Outcome:
    """After a promotion: stay first, and let the clock of the first refusal end."""
    return await hold.keep_hold(ask.log, ask.context, id, command)


@router.command("/v1/holds/{id}/confirm", ConfirmAnswer, tag="holds")
async def confirm_hold(ask: MakesBookings, id: Id, command: booking.ConfirmHold) -> Outcome:
    """Book what is held, all of it or some days."""
    return await booking.confirm_hold(ask.log, ask.context, id, command)


@router.command("/v1/holds/{id}/accept", HoldAnswer, tag="holds")
async def accept_hold(ask: AnswersHolds, id: Id, command: consent.AcceptHold) -> Outcome:
    """Agree to be held, as the artist or the artist's agent."""
    return await consent.accept_hold(ask.log, ask.context, id, command)


@router.command("/v1/holds/{id}/decline", HoldAnswer, tag="holds")
async def decline_hold(ask: AnswersHolds, id: Id, command: consent.DeclineHold) -> Outcome:
    """Do not agree to be held."""
    return await consent.decline_hold(ask.log, ask.context, id, command)


@router.command("/v1/holds/{id}/counter", HoldAnswer, tag="holds")
async def counter_hold(ask: AnswersHolds, id: Id, command: consent.CounterHold) -> Outcome:
    """Offer other time instead."""
    return await consent.counter_hold(ask.log, ask.context, id, command)


@router.command("/v1/holds/{id}/challenge", ChallengeAnswer, tag="challenges", status=201)
async def raise_challenge(ask: Challenges, id: Id, command: challenge.RaiseChallenge) -> Outcome:
    """Ask everyone ahead of this hold to book now or to let go."""
    return await challenge.raise_challenge(ask.log, ask.context, id, command)


@router.command("/v1/challenges", ChallengeAnewAnswer, tag="challenges", status=201)
async def challenge_anew(ask: Challenges, command: challenge.ChallengeAnew) -> Outcome:
    """Place a hold at the back and challenge with it at once, where the policy lets anyone challenge."""
    return await challenge.challenge_anew(ask.log, ask.context, command)


@router.command("/v1/challenges/{id}/answer", IntentAnswer, tag="challenges")
async def answer_challenge(ask: Challenges, id: Id, command: challenge.AnswerChallenge) -> Outcome:
    """Answer for a hold that is challenged: it would book, or it lets go."""
    return await challenge.answer_challenge(ask.log, ask.context, id, command)


@router.command("/v1/challenges/{id}/withdraw", CalendarAnswer, tag="challenges")
async def withdraw_challenge(ask: Challenges, id: Id, command: challenge.WithdrawChallenge) -> Outcome:
    """Take a challenge back; everybody stays where they were."""
    return await challenge.withdraw_challenge(ask.log, ask.context, id, command)


@router.command("/v1/bookings", BookingAnswer, tag="bookings", status=201)
async def make_booking(ask: MakesBookings, command: booking.MakeBooking) -> Outcome:
    """Book an artist without a hold."""
    return await booking.make_booking(ask.log, ask.context, command)


@router.command("/v1/bookings/{id}/reschedule", CalendarAnswer, tag="bookings")
async def reschedule_booking(ask: MakesBookings, id: Id, command: booking_changes.RescheduleBooking) -> Outcome:
    """Move a booking to other time."""
    return await booking_changes.reschedule_booking(ask.log, ask.context, id, command)


@router.command("/v1/bookings/{id}/postpone", CalendarAnswer, tag="bookings")
async def postpone_booking(ask: CancelsBookings, id: Id, command: booking_changes.PostponeBooking) -> Outcome:
    """Give the time back and leave open when it will be."""
    return await booking_changes.postpone_booking(ask.log, ask.context, id, command)


@router.command("/v1/bookings/{id}/cancel", CancelAnswer, tag="bookings")
async def cancel_booking(ask: CancelsBookings, id: Id, command: booking_changes.CancelBooking) -> Outcome:
    """Cancel all of a booking, or some of its time; answers what that costs."""
    return await booking_changes.cancel_booking(ask.log, ask.context, id, command)


@router.command("/v1/bookings/{id}/unconfirm", UnconfirmAnswer, tag="bookings")
async def unconfirm_booking(ask: CancelsBookings, id: Id, command: booking_changes.UnconfirmBooking) -> Outcome:
    """Make a booking a hold again."""
    return await booking_changes.unconfirm_booking(ask.log, ask.context, id, command)


@router.command("/v1/bookings/{id}/complete", CalendarAnswer, tag="bookings")
async def complete_booking(ask: MakesBookings, id: Id, command: booking_changes.CompleteBooking) -> Outcome:
    """Say that the work is done."""
    return await booking_changes.complete_booking(ask.log, ask.context, id, command)


@router.command("/v1/conflicts/{id}/resolve", CancelAnswer, tag="bookings")
async def resolve_conflict(ask: CancelsBookings, id: Id, command: calendar.ResolveConflict) -> Outcome:
    """End the clash of a booking with time off; a conflict goes by its booking's id."""
    return await calendar.resolve_conflict(ask.log, ask.context, id, command)


@router.command("/v1/artists", Answer, tag="artists", status=201)
async def add_artist(ask: ManagesArtists, command: artist.AddArtist) -> Outcome:
    """Add a person, a room or a kit that can be held and booked."""
    return await artist.add_artist(ask.log, ask.context, command)


@router.command("/v1/artists/{id}/queue/reorder", CalendarAnswer, tag="artists")
async def reorder_queue(ask: JumpsQueue, id: Id, command: calendar.ReorderQueue) -> Outcome:
    """Put the holds on some time into another order, for a reason that everyone passed over is told."""
    return await calendar.reorder_queue(ask.log, ask.context, id, command)


@router.command("/v1/artists/{id}/time-off", CalendarAnswer, tag="time off", status=201)
async def request_time_off(ask: RequestsTimeOff, id: Id, command: time_off.RequestTimeOff) -> Outcome:
    """Ask for time off for an artist."""
    return await time_off.request_time_off(ask.log, ask.context, id, command)


@router.command("/v1/time-off/{id}/approve", TimeOffAnswer, tag="time off")
async def approve_time_off(ask: ApprovesTimeOff, id: Id, command: time_off.ApproveTimeOff) -> Outcome:
    """Grant time off; holds on it are blocked, bookings on it become conflicts to resolve."""
    return await time_off.approve_time_off(ask.log, ask.context, id, command)


@router.command("/v1/time-off/{id}/reject", CalendarAnswer, tag="time off")
async def reject_time_off(ask: ApprovesTimeOff, id: Id, command: time_off.RejectTimeOff) -> Outcome:
    """Do not grant it."""
    return await time_off.reject_time_off(ask.log, ask.context, id, command)


@router.command("/v1/time-off/{id}/withdraw", CalendarAnswer, tag="time off")
async def withdraw_time_off(ask: RequestsTimeOff, id: Id, command: time_off.WithdrawTimeOff) -> Outcome:
    """Take back time off, asked for or granted."""
    return await time_off.withdraw_time_off(ask.log, ask.context, id, command)


@router.command("/v1/projects", Answer, tag="projects", status=201)
async def open_project(ask: ManagesProjects, command: project.OpenProject) -> Outcome:
    """Open a project to hold and book artists for."""
    return await project.open_a_project(ask.log, ask.context, command)


@router.command("/v1/projects/{id}/close", Answer, tag="projects")
async def close_project(ask: ManagesProjects, id: Id, command: project.CloseProject) -> Outcome:
    """Take nothing new for it; what stands goes on."""
    return await project.close_project(ask.log, ask.context, id, command)


@router.command("/v1/projects/{id}/cancel", Answer, tag="projects")
async def cancel_project(ask: CancelsBookings, id: Id, command: project.CancelProject) -> Outcome:
    """End it; what is held and booked for it is let go afterwards, one calendar after another."""
    return await project.cancel_project(ask.log, ask.context, id, command)


@router.command("/v1/projects/{id}/jobs", Answer, tag="jobs", status=201)
async def open_job(ask: ManagesJobs, id: Id, command: job.OpenJob) -> Outcome:
    """Want artists for a role of a project."""
    return await job.open_a_job(ask.log, ask.context, id, command)


@router.command("/v1/jobs/{id}/close", Answer, tag="jobs")
async def close_job(ask: ManagesJobs, id: Id, command: job.CloseJob) -> Outcome:
    """Want nobody else for it."""
    return await job.close_job(ask.log, ask.context, id, command)


@router.command("/v1/feeds", FeedAnswer, tag="feeds", status=201)
async def open_feed(ask: SharesCalendars, command: feed.OpenFeed) -> Outcome:
    """Make a secret link that calendars elsewhere can subscribe to.

    Whoever has the link needs no token. It shows when time is taken; for whom and for what only if `shows` says so.
    """
    return await feed.open_a_feed(ask.log, ask.context, command, ask.feed_key)


@router.command("/v1/feeds/{id}/revoke", Answer, tag="feeds")
async def revoke_feed(ask: SharesCalendars, id: Id, command: feed.RevokeFeed) -> Outcome:
    """Let a feed's link lead nowhere from now on."""
    return await feed.revoke_feed(ask.log, ask.context, id, command)


@router.command("/v1/policy", PolicyAnswer, tag="policy", method="PUT")
async def adopt_policy(ask: AdoptsPolicy, command: tenant.AdoptPolicy) -> Outcome:
    """Follow other rules from now on: a preset, a preset with rules of your own, or a whole policy."""
    return await tenant.adopt(ask.log, ask.context, command)


router.routes.append(BatchRoute("/v1/batch", router.commands))
