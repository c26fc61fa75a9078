"""The script that writes: positions are looked at, rows and what follows from them are written, positions move.

Redis runs it as one step: nobody sees half of it, and a crash keeps all of it or nothing. Sent twice, because an answer
was lost, it finds the positions moved and writes nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from infra.redis_keys import KEYS, POSITION, key_of
from projections.keyed import Op


class Place(NamedTuple):
    """How far a read model has come in one tenant, in which life of the log. Nothing was applied: 0 and no life."""

    seq: int
    incarnation: str


class Move(NamedTuple):
    """One read model's share of a script."""

    projection: str
    was: Place
    """What must be stored, or nothing is written."""
    to: Place
    whole_at: int
    """The seq from which on it is no longer one that catches up, but one to be read."""
    ops: Sequence[Op]


APPLY: Final = """
local function place(n) return KEYS[2 * n - 1], KEYS[2 * n] end
local at, moves = 2, tonumber(ARGV[1])
for n = 1, moves do
    local stored = redis.call('HMGET', (place(n)), 'seq', 'incarnation')
    if (stored[1] or '0') ~= ARGV[at] or (stored[2] or '') ~= ARGV[at + 1] then return 0 end
    at = at + 6
end

local function drop(keys)
    local names = redis.call('SMEMBERS', keys)
    for first = 1, #names, 1000 do
        redis.call('UNLINK', unpack(names, first, math.min(first + 999, #names)))
    end
    redis.call('UNLINK', keys)
end

local function tally(hash, field, by)
    if redis.call('HINCRBY', hash, field, by) == 0 then redis.call('HDEL', hash, field) end
end

local function count(bits, bit, by, useless_after)
    local reasons = bits .. ':reasons'
    if by == '-1' and redis.call('EXISTS', reasons) == 0 then return end
    local left = redis.call('BITFIELD', reasons, 'INCRBY', 'u16', '#' .. bit, by)[1]
    if left == 0 then
        redis.call('SETBIT', bits, bit, 0)
    elseif left == 1 and by == '1' then
        redis.call('SETBIT', bits, bit, 1)
        redis.call('EXPIREAT', bits, useless_after)
        redis.call('EXPIREAT', reasons, useless_after)
    end
end

local read = 2
for n = 1, moves do
    local position, keys = place(n)
    local known = {}
    if ARGV[read + 2] == '1' then drop(keys) end
    local ops = tonumber(ARGV[at])
    at = at + 1
    for _ = 1, ops do
        local length = tonumber(ARGV[at])
        local command, key = ARGV[at + 1], ARGV[at + 2]
        known[key] = true
        if command == 'COUNT' then
            known[key .. ':reasons'] = true
            count(key, unpack(ARGV, at + 3, at + length))
        elseif command == 'UNPARK' then
            -- The first command of its move: somebody else has taken them out, and nothing was written yet.
            if redis.call('HDEL', key, ARGV[at + 3]) == 0 then return 0 end
            redis.call('HDEL', key, unpack(ARGV, at + 3, at + length))
        elseif command == 'XADD' then
            -- Told too late, after having been parked, it is refused: whoever reads the tail has gone on.
            redis.pcall(unpack(ARGV, at + 1, at + length))
        elseif command == 'TALLY' then
            tally(key, unpack(ARGV, at + 3, at + length))
        else
            redis.call(unpack(ARGV, at + 1, at + length))
        end
        at = at + length + 1
    end
    local names = {}
    for key in pairs(known) do
        names[#names + 1] = key
        if #names == 1000 then
            redis.call('SADD', keys, unpack(names))
            names = {}
        end
    end
    if #names > 0 then redis.call('SADD', keys, unpack(names)) end
    redis.call(
        'HSET', position, 'seq', ARGV[read + 3], 'incarnation', ARGV[read + 4], 'whole_at', ARGV[read + 5]
    )
    read = read + 6
end
return 1
"""
"""1: written. 0: a position was not where its move begins, and nothing was.

`UNPARK` takes events out of the hash of those that are parked.
"""


def keys_and_arguments(tenant_id: str, moves: Iterable[Move]) -> tuple[list[str], list[str | int]]:
    """What the script is called with, for one tenant.

    A move that begins where nothing counts, though something is stored, throws away what is stored.
    """
    keys: list[str] = []
    head: list[str | int] = []
    body: list[str | int] = []
    number = 0
    for number, move in enumerate(moves, 1):  # noqa: B007 - it is needed behind the loop
        keys += [key_of(tenant_id, move.projection, POSITION), key_of(tenant_id, move.projection, KEYS)]
        anew = move.was != NOWHERE and move.was.incarnation != move.to.incarnation
        head += [move.was.seq, move.was.incarnation, int(anew or move.was.seq > move.to.seq), *move.to, move.whole_at]
        body.append(len(move.ops))
        prefix = key_of(tenant_id, move.projection, "")
        for command, name, *arguments in move.ops:
            body += [len(arguments) + 2, command, f"{prefix}:{name}" if name else prefix, *arguments]
    return keys, [number, *head, *body]


NOWHERE: Final = Place(0, "")
