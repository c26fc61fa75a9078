"""Putting a queue into another order by hand: an override, which names everyone who is passed over."""

from dataclasses import replace

from domain.booking_time import NotFirst
from domain.calendar import Reordered
from domain.challenge import Contested
from domain.claims import Held
from domain.errors import NotAllowed, Refused
from domain.overrides import Override
from domain.queue import stretches
from domain.spans import Span, intersect, plain, subtract, union
from domain.turn import Turn


class NotTheQueue(Refused):
    """The order does not name exactly the holds that stand on each stretch of that time."""

    code = "not_the_queue"


def reorder(
    turn: Turn,
    order: tuple[str, ...],
    spans: tuple[Span, ...],
    *,
    override: Override,
    permissions: frozenset[str],
) -> bool:
    """Let the holds on `spans` stand in `order`, each stretch as far as they cover it; False when they do.

    Raises:
        NotAllowed: the permission for it is missing.
        NotTheQueue: a hold on that time is missing from the order.
        NotFirst: somebody would be passed over whom the override does not accept.
        Contested: a challenge there is open.
    """
    if "jump_queue" not in permissions:
        raise NotAllowed("This needs the permission jump_queue.", permission="jump_queue")
    if contested := [challenge.challenge_id for challenge in turn.calendar.challenges.on(spans)]:
        raise Contested("A challenge on that time is open.", conflicts=contested)
    queue = [[entry.hold_id for entry in stretch.entries] for stretch in stretches(turn.calendar, turn.now, spans)]
    if missing := sorted({id for ids in queue for id in ids} - set(order)):
        raise NotTheQueue("These hold some of that time too.", conflicts=missing)
    wanted = {id: number for number, id in enumerate(order)}
    passed_over = _passed_over(queue, wanted)
    if not passed_over:
        return False
    if refused := [id for id in passed_over if id not in override.accepts]:
        raise NotFirst("These would be passed over.", conflicts=refused)
    present = {id for ids in queue for id in ids}
    order = tuple(id for id in dict.fromkeys(order) if id in present)
    moved = {
        id: _moved(turn, id, spans, place=turn.calendar.next_place + number, told=id not in passed_over)
        for number, id in enumerate(order)
    }
    turn.record(
        Reordered(stretch=plain(spans), order=order, spans=moved, passed_over=tuple(passed_over), override=override),
        freed=plain(spans),
    )
    return True


def _passed_over(queue: list[list[str]], wanted: dict[str, int]) -> list[str]:
    """Every hold that somebody who stood behind it comes before."""
    found = set[str]()
    for ids in queue:
        first = len(wanted)
        for id in reversed(ids):
            if first < wanted[id]:
                found.add(id)
            first = min(first, wanted[id])
    return sorted(found)


def _moved(turn: Turn, hold_id: str, spans: tuple[Span, ...], *, place: int, told: bool) -> tuple[Held, ...]:
    """All of a hold's time, with a fresh place on `spans`: later arrivals still come after it.

    The clocks of being 1st go on only with `told`: who was passed over cannot answer for that any more.
    """
    mine = turn.calendar.holds[hold_id].spans
    fresh = (replace(span, place=place) for span in intersect(mine, spans))
    if not told:
        fresh = (replace(span, first_refusal=None, commitment=None) for span in fresh)
    return union((*subtract(mine, spans), *fresh))
