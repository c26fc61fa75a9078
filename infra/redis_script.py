"""The script that writes: positions are looked at, rows and what follows from them are written, positions move.

Redis runs it as one step: nobody sees half of it, and a crash keeps all of it or nothing. Sent twice, because an answer
was lost, it finds the positions moved and writes nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pydantic_core import to_json

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
local moves = cjson.decode(ARGV[1])
local function place(n) return KEYS[2 * n - 1], KEYS[2 * n] end
for n, move in ipairs(moves) do
    local stored = redis.call('HMGET', (place(n)), 'seq', 'incarnation')
    if (stored[1] or '0') ~= move[1] or (stored[2] or '') ~= move[2] then return 0 end
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
    if by < 0 and redis.call('EXISTS', reasons) == 0 then return end
    local left = redis.call('BITFIELD', reasons, 'INCRBY', 'u16', '#' .. bit, by)[1]
    if left == 0 then
        redis.call('SETBIT', bits, bit, 0)
    elseif left == 1 and by > 0 then
        redis.call('SETBIT', bits, bit, 1)
        redis.call('EXPIREAT', bits, useless_after)
        redis.call('EXPIREAT', reasons, useless_after)
    end
end

local function remember(keys, known)
    local names = {}
    for key in pairs(known) do
        names[#names + 1] = key
        if #names == 1000 then
            redis.call('SADD', keys, unpack(names))
            names = {}
        end
    end
    if #names > 0 then redis.call('SADD', keys, unpack(names)) end
end

for n, move in ipairs(moves) do
    local position, keys = place(n)
    local _, _, seq, incarnation, whole_at, anew, prefix, ops = unpack(move)
    local known = {}
    if anew then drop(keys) end
    for _, op in ipairs(ops) do
        local command, key = op[1], op[2] == '' and prefix or prefix .. ':' .. op[2]
        known[key], op[2] = true, key
        if command == 'COUNT' then
            known[key .. ':reasons'] = true
            count(key, op[3], op[4], op[5])
        elseif command == 'TALLY' then
            tally(key, op[3], op[4])
        elseif command == 'UNPARK' then
            -- The first command of its move: somebody else has taken them out, and nothing was written yet.
            if redis.call('HDEL', key, op[3]) == 0 then return 0 end
            redis.call('HDEL', key, unpack(op, 3))
        else
            redis.call(unpack(op))
        end
    end
    remember(keys, known)
    redis.call('HSET', position, 'seq', seq, 'incarnation', incarnation, 'whole_at', whole_at)
end
return 1
"""
"""1: written. 0: a position was not where its move begins, and nothing was.

`UNPARK` takes events out of the hash of those that are parked.
"""


def keys_and_arguments(tenant_id: str, moves: Iterable[Move]) -> tuple[list[str], list[str]]:
    """What the script is called with, for one tenant: all that it has to do is one text, made and read quickly.

    A move that begins where nothing counts, though something is stored, throws away what is stored.
    """
    keys: list[str] = []
    said = []
    for move in moves:
        keys += [key_of(tenant_id, move.projection, POSITION), key_of(tenant_id, move.projection, KEYS)]
        was, to = move.was, move.to
        anew = (was != NOWHERE and was.incarnation != to.incarnation) or was.seq > to.seq
        places = (str(was.seq), was.incarnation, str(to.seq), to.incarnation, move.whole_at, anew)
        said.append((*places, key_of(tenant_id, move.projection, ""), move.ops))
    return keys, [to_json(said).decode()]


NOWHERE: Final = Place(0, "")
