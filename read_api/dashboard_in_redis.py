"""The dashboard from the keys: counts as they are kept, and counted anew wherever a clock has run out unrecorded."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic_core import from_json

from domain.worst_ranks import worst_ranks
from read_api.dashboard_shown import SHOWN, SOON, DashboardShown, DeadlineShown, monday_of, shown
from read_api.keys import Question
from read_api.tenant import Tenant

QUESTION: Final = Question(
    projections=("dashboard", "deadlines"),
    script="""
    local counts, clocks = models[1] .. ':', models[2] .. ':'
    local now, soon = ARGV[1], ARGV[2]
    local function rows(table, ids)
        local found = {}
        for n, id in ipairs(ids) do found[n] = redis.call('HGET', table, id) end
        return found
    end
    local function claims(members)
        local found = {}
        for n, member in ipairs(members) do
            local kind, id = string.match(member, '([^/]+)/([^/]+)/')
            found[n] = redis.call('HGET', clocks .. kind .. 's', id)
        end
        return found
    end
    local run_out = redis.call('ZRANGEBYSCORE', counts .. 'clocks', '-inf', now)
    local late = redis.call('ZRANGEBYSCORE', clocks .. 'at', '-inf', now)
    local following = redis.call(
        'ZRANGEBYSCORE', clocks .. 'at', '(' .. now, soon, 'LIMIT', 0, tonumber(ARGV[3]) + 5 * #late
    )
    return {
        redis.call('HGETALL', counts .. 'counts'), rows(counts .. 'queues', run_out),
        late, claims(late), following, claims(following),
        redis.call('ZCOUNT', clocks .. 'at', '(' .. now, soon), redis.call('HLEN', clocks .. 'challenges'),
    }
    """,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KIND, _ID, _WHAT = 0, 1, 2


async def dashboard(tenant: Tenant) -> DashboardShown:
    """See `read_api.dashboard`.

    Raises:
        KeysUnavailable: Postgres has to answer.
        ReadModelBehind: the keys have not come as far as the caller has seen in time.
    """
    answer, now = await tenant.ask(QUESTION, lambda now: (_micros(now), _micros(now + SOON), SHOWN))
    counts, queues, late, late_claims, following, their_claims, within, challenges = answer
    kept = {name.decode(): int(number) for name, number in zip(counts[::2], counts[1::2], strict=True)}
    ranks = Counter({int(name[5:]): number for name, number in kept.items() if name.startswith("rank:")})
    dead = _count_anew(ranks, [from_json(queue)["holds"] for queue in queues], _micros(now))
    within -= _clocks_of(dead, late, late_claims, _micros(now), _micros(now + SOON))
    members = [member.decode().split("/") for member in following]
    soon = [
        _deadline(member, from_json(claim))
        for member, claim in zip(members, their_claims, strict=True)
        if member[_ID] not in dead
    ]
    monday = monday_of(now)
    return shown(
        answered_by="redis",
        ranks=ranks,
        deadlines=soon[:SHOWN],
        within_24h=within,
        challenges=challenges - sum(member.startswith(b"challenge/") for member in late),
        monday=monday,
        bookings=kept.get(f"bookings:{monday.toordinal()}", 0),
        jobs=kept.get("jobs", 0),
        booked_days=kept.get(f"days:{monday.toordinal()}", 0),
        artists=kept.get("artists", 0),
    )


def _count_anew(ranks: Counter[int], queues: list[Any], now: int) -> set[str]:
    """Correct `ranks` by the queues in which a clock has run out; returns the holds that are dead."""
    dead = set[str]()
    for holds in queues:
        ranks.subtract(worst_ranks(holds).values())
        alive = worst_ranks(holds, now)
        ranks.update(alive.values())
        dead |= holds.keys() - alive.keys()
    return dead


def _clocks_of(dead: Collection[str], late: list[bytes], claims: list[bytes], now: int, soon: int) -> int:
    """How many clocks of dead holds run on, and are counted among those that run out soon."""
    rows: dict[str, Mapping[str, Any]] = {}
    for member, claim in zip(late, claims, strict=True):
        id = member.decode().split("/")[_ID]
        if id in dead:
            rows[id] = from_json(claim)["clocks"]
    return sum(now < at <= soon for row in rows.values() for at in {at for some in row.values() for at, *_ in some})


def _deadline(member: list[str], claim: Mapping[str, Any]) -> DeadlineShown:
    kind, id, what, micros = member
    at, rule, zone = next(clock for clock in claim["clocks"][what] if clock[0] == int(micros))
    return DeadlineShown(
        what=what,  # type: ignore[arg-type]  # as the projection has it
        hold_id=id if kind == "hold" else None,
        challenge_id=id if kind == "challenge" else None,
        artist_id=claim["artist_id"],
        project_id=claim["project_id"],
        at=_EPOCH + timedelta(microseconds=at),
        rule=rule,
        zone=zone,
    )


def _micros(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000_000)
