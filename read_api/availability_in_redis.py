"""Who is free, from the keys: the bits of all artists are looked at together, the claims only where bits cannot tell.

On whole slots, halves of the artist's local days, a bit is exact. Where the time begins or ends within a slot, where
time was said in another zone than the artist's, and where a hold's clock has run out unrecorded, the claims themselves
are looked at; so they are for whoever is held, to see how much is free.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Literal, NamedTuple

from pydantic_core import from_json

from domain.half_days import slot_of_instant
from read_api.availability_shown import ArtistFree, Asked, Interval, artist_free
from read_api.keys import KeysUnavailable, Question
from read_api.tenant import Tenant
from read_api.window import Moment

QUESTION: Final = Question(
    projections=("availability",),
    script="""
    -- Made for this question, gone with it, and of no interest to replicas and to the file.
    redis.set_repl(redis.REPL_NONE)
    local p, made, at = models[1] .. ':', {}, 7
    local now, starts_at, ends_at = ARGV[1], ARGV[2], tonumber(ARGV[3])
    local after, limit, held_too = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'

    local function new(what)
        made[#made + 1] = p .. 'asked:' .. what
        return made[#made]
    end
    local function take()
        at = at + 1
        return ARGV[at - 1]
    end
    local function any(what, keys)
        local bits = new(what)
        redis.call('DEL', bits)
        if #keys > 0 then redis.call('BITOP', 'OR', bits, unpack(keys)) end
        return bits
    end
    local function both(what, one, other)
        local bits = new(what)
        redis.call('BITOP', 'AND', bits, one, other)
        return bits
    end
    local function without(bits, others, what)
        redis.call('BITOP', 'XOR', bits, bits, both(what, bits, others))
    end

    local able = any('able', {p .. 'everybody'})
    for _ = 1, tonumber(take()) do redis.call('BITOP', 'AND', able, able, p .. 'skill:' .. take()) end

    local run_out = new('run out')
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', p .. 'clocks', '-inf', now)) do
        local claim = redis.call('HGET', p .. 'claims', id)
        redis.call('SETBIT', run_out, string.match(claim, '"number":(%d+)'), 1)
    end

    local can, look, held = new('can'), new('look'), new('held')
    for _ = 1, tonumber(take()) do
        local zone, first, last = take(), tonumber(take()), tonumber(take())
        local hard, soft, unsure = {}, {}, {run_out}
        for slot = first, last do
            hard[#hard + 1] = p .. 'hard:' .. slot
            soft[#soft + 1] = p .. 'soft:' .. slot
            unsure[#unsure + 1] = p .. 'unsure:' .. slot
        end
        for _ = 1, tonumber(take()) do
            local slot = take()
            for _, plane in ipairs({'hard:', 'soft:', 'unsure:'}) do unsure[#unsure + 1] = p .. plane .. slot end
        end
        local there = zone == '' and any('there', {able}) or both('there', able, p .. 'zone:' .. zone)
        without(there, any('hard', hard), 'booked')
        redis.call('BITOP', 'OR', can, can, there)
        redis.call('BITOP', 'OR', look, look, both('to look at', there, any('unsure', unsure)))
        redis.call('BITOP', 'OR', held, held, both('of holds', there, any('soft', soft)))
    end
    if not held_too then
        without(held, look, 'of both')
        without(can, held, 'of holds')
    end

    local found, number, following = {}, after, false
    while true do
        number = redis.call('BITPOS', can, 1, number, -1, 'BIT')
        if number < 0 then break end
        if #found == limit then
            following = number
            break
        end
        local artist_id, claims = redis.call('HGET', p .. 'numbers', number), {}
        if redis.call('GETBIT', look, number) == 1 or redis.call('GETBIT', held, number) == 1 then
            local own = redis.call('ZRANGEBYSCORE', p .. 'of:' .. artist_id, '(' .. starts_at, '+inf')
            for _, member in ipairs(own) do
                local begins, id = string.match(member, '(%d+)/(.+)')
                if tonumber(begins) < ends_at then claims[#claims + 1] = redis.call('HGET', p .. 'claims', id) end
            end
        end
        found[#found + 1] = {redis.call('HGET', p .. 'artists', artist_id), claims}
        number = number + 1
    end
    redis.call('DEL', unpack(made))
    return {redis.call('SMEMBERS', p .. 'zones'), found, following}
    """,
)

_KEPT: Final = timedelta(days=31)
"""How far back keys are asked; they are kept for twice as long."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Found(NamedTuple):
    """Who is free, with whom to go on, and who said so."""

    artists: list[ArtistFree]
    following: int | None
    by: Literal["redis", "postgres"]


async def availability(tenant: Tenant, asked: Asked) -> Found:
    """See `read_api.availability`.

    Raises:
        KeysUnavailable: Postgres has to answer.
        ReadModelBehind: the keys have not come as far as the caller has seen in time.
        RequestValidationError: the time makes no sense.
    """
    zones: frozenset[str] = frozenset()
    while True:
        answer, now = await tenant.ask(QUESTION, partial(_arguments, asked, zones), asked, zones)
        there, found, following = answer
        times = asked.times(now)
        known = frozenset(zone.decode() for zone in there)
        if _whole_days(times) or known <= zones:
            break
        zones = known  # whoever is in a zone of which nobody knew was not looked at
    artists = [_artist(from_json(artist), claims, times, now) for artist, claims in found]
    return Found(
        [one for one in artists if one is not None and (asked.held_too or one.standing == "free")], following, "redis"
    )


def _arguments(asked: Asked, zones: Iterable[str], now: datetime) -> tuple[str | int, ...]:
    start, end = asked.times(now)
    # The first and the last place on earth where it is that time.
    starts_at, ends_at = start.in_zone("Pacific/Kiritimati"), end.in_zone("Etc/GMT+12")
    if starts_at < now - _KEPT:
        raise KeysUnavailable
    groups = [("", start, end)] if _whole_days((start, end)) else [(zone, start, end) for zone in sorted(zones)]
    return (
        _micros(now),
        _micros(starts_at),
        _micros(ends_at),
        asked.after,
        asked.limit,
        int(asked.held_too),
        len(asked.skills),
        *asked.skills,
        len(groups),
        *(part for group in groups for part in _group(*group)),
    )


def _whole_days(times: tuple[Moment, Moment]) -> bool:
    """Whether it begins and ends with local days, wherever somebody is."""
    return all(moment.day is not None for moment in times)


def _group(zone: str, start: Moment, end: Moment) -> list[str | int]:
    """A zone, the slots that lie within the time there, and those that share some of it only."""
    first, begins = slot_of_instant(start.in_zone(zone or "UTC"), zone or "UTC")
    last, ends = slot_of_instant(end.in_zone(zone or "UTC"), zone or "UTC")
    edges = [slot for slot, whole in ((first, begins), (last, ends)) if not whole]
    return [zone, first if begins else first + 1, last - 1, len(edges), *edges]


def _artist(artist: Any, claims: Sequence[bytes], times: tuple[Moment, Moment], now: datetime) -> ArtistFree | None:  # noqa: ANN401
    start, end = times
    within = start.in_zone(artist["time_zone"]), end.in_zone(artist["time_zone"])
    taken: dict[str, list[Interval]] = {"hard": [], "soft": []}
    for claim in map(from_json, claims):
        taken[claim["plane"]] += _alive(claim, _micros(now))
    return artist_free(artist, within, **taken)


def _alive(claim: Any, now: int) -> list[Interval]:  # noqa: ANN401 - a row of claims
    """The time that it takes at `now`."""
    if any(end is not None and end <= now for end in claim["ends"]):
        return []
    return [
        (_instant(starts_at), _instant(ends_at))
        for starts_at, ends_at, until in claim["spans"]
        if until is None or until > now
    ]


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _micros(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000_000)
