"""Groups of one job's holds: alternatives of which `k` are wanted, or a run that makes sense only whole.

Their facts stand in the job's stream. What a decision means for the other members, on other artists' calendars, is
carried out afterwards, one calendar after another; `let_go` and `cancel` say what that is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from domain.errors import Refused
from domain.event import Event
from domain.hold import Group


class GroupJoined(Event):
    """A hold belongs to a group of the job."""

    stored_as: ClassVar[str] = "job.group_joined.v1"
    group: Group
    hold_id: str
    artist_id: str


class GroupLeft(Event):
    """A member let go before it was confirmed."""

    stored_as: ClassVar[str] = "job.group_left.v1"
    group_id: str
    hold_id: str


class GroupDecided(Event):
    """Enough alternatives are confirmed, or a run cannot be whole any more."""

    stored_as: ClassVar[str] = "job.group_decided.v1"
    group_id: str
    outcome: Literal["filled", "broken"]
    let_go: tuple[str, ...]
    """The holds to be released."""
    cancel: tuple[str, ...] = ()
    """The bookings to be cancelled."""


class GroupFilled(Refused):
    """As many alternatives are confirmed as were wanted."""

    code = "group_filled"


class GroupBroken(Refused):
    """A member of the run has gone, so it cannot be whole any more."""

    code = "group_broken"


class GroupMismatch(Refused):
    """The group is of another kind, or wants another number."""

    code = "group_mismatch"


@dataclass(frozen=True, slots=True)
class Members:
    """A group as its job knows it."""

    group: Group
    joined: tuple[str, ...] = ()
    """Every hold that ever was a member."""
    open: tuple[str, ...] = ()
    """The holds that are neither confirmed nor gone."""
    confirmed: Mapping[str, str] = field(default_factory=dict)
    """The hold by booking; one that was confirmed in parts has several."""
    broken: bool = False


Groups = Mapping[str, Members]


def join(groups: Groups, group: Group, *, hold_id: str, artist_id: str) -> list[Event]:
    """Make a hold a member.

    Raises:
        GroupMismatch, GroupFilled, GroupBroken: the group does not take it.
    """
    members = groups.get(group.id)
    if members is not None:
        if members.group != group:
            raise GroupMismatch("The group is of another kind.", kind=members.group.kind, k=members.group.k)
        must_take(members, hold_id)
    return [GroupJoined(group=group, hold_id=hold_id, artist_id=artist_id)]


def must_take(members: Members, hold_id: str) -> None:
    """Refuse what the group has no room for.

    Raises:
        GroupFilled, GroupBroken: it has none.
    """
    if members.broken:
        raise GroupBroken("The run cannot be whole any more.")
    others = {booking: hold for booking, hold in members.confirmed.items() if hold != hold_id}
    if members.group.kind == "any_of" and len(set(others.values())) >= members.group.k:
        raise GroupFilled(f"The group wants {members.group.k}, and that many are confirmed.", conflicts=list(others))


def of(groups: Groups, hold_id: str | None) -> Members | None:
    """The group that a hold belongs to."""
    for members in groups.values():
        if hold_id in members.joined:
            return members
    return None


def confirmed(groups: Groups, *, hold_id: str | None) -> list[Event]:
    """What a member's confirmation decides for the others.

    Raises:
        GroupFilled, GroupBroken: it cannot be confirmed.
    """
    members = of(groups, hold_id)
    if members is None or hold_id is None:
        return []
    must_take(members, hold_id)
    others = tuple(hold for hold in members.open if hold != hold_id)
    reached = len({*members.confirmed.values(), hold_id}) == members.group.k
    if members.group.kind == "any_of" and reached and others:
        return [GroupDecided(group_id=members.group.id, outcome="filled", let_go=others)]
    return []


def leave(groups: Groups, hold_id: str) -> list[Event]:
    """What a member's going, before it was confirmed, decides for the others."""
    members = of(groups, hold_id)
    if members is None or hold_id not in members.open:
        return []
    left = GroupLeft(group_id=members.group.id, hold_id=hold_id)
    others = tuple(hold for hold in members.open if hold != hold_id)
    bookings = tuple(members.confirmed)
    if members.group.kind != "all_of" or members.broken or not (others or bookings):
        return [left]
    broken = GroupDecided(group_id=members.group.id, outcome="broken", let_go=others, cancel=bookings)
    return [left, broken]


def evolve(groups: Groups, event: GroupJoined | GroupLeft | GroupDecided) -> Groups:
    """The groups after `event`."""
    if isinstance(event, GroupJoined):
        members = groups.get(event.group.id) or Members(event.group)
        joined, open = (*members.joined, event.hold_id), (*members.open, event.hold_id)
        return {**groups, event.group.id: replace(members, joined=joined, open=open)}
    members = groups[event.group_id]
    if isinstance(event, GroupLeft):
        members = replace(members, open=tuple(hold for hold in members.open if hold != event.hold_id))
    elif event.outcome == "broken":
        members = replace(members, broken=True)
    return {**groups, event.group_id: members}


def filled(groups: Groups, hold_id: str | None, booking_id: str) -> Groups:
    """The groups after a member became a booking."""
    members = of(groups, hold_id)
    if members is None or hold_id is None:
        return groups
    left = tuple(hold for hold in members.open if hold != hold_id)
    changed = replace(members, open=left, confirmed={**members.confirmed, booking_id: hold_id})
    return {**groups, members.group.id: changed}


def vacated(groups: Groups, booking_id: str) -> Groups:
    """The groups after a booking ended: its place in them is free."""
    return {
        id: replace(m, confirmed={booking: hold for booking, hold in m.confirmed.items() if booking != booking_id})
        for id, m in groups.items()
    }
