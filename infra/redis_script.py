"""The script that writes: positions are looked at, rows and what follows from them are written, positions move.

Redis runs it as one step: nobody sees half of it, and a crash keeps all of it or nothing. Sent twice, because an answer
was lost, it finds the positions moved and writes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pydantic_core import to_json

from infra.redis_keys import KEYS, POSITION, key_of, model_of
from projections.keyed import Op

Fields = Mapping[str, bytes | None]
"""Of the hash of a table: the rows as JSON, or None where there is no row any more."""


class Place(NamedTuple):
    """How far a read model has come in one tenant, in which life of the log. Nothing was applied: 0 and no life."""

    seq: int
    incarnation: str
    edition: str = ""
    """The one that is read, and written."""
    retried: int = 0


class Move(NamedTuple):
    """One read model's share of a script."""

    projection: str
    was: Place
    """What must be stored, or nothing is written."""
    to: Place
    whole_at: int
    """The seq from which on it is no longer one that catches up, but one to be read."""
    rows: Mapping[str, Fields] = {}
    """By the name of their table."""
    ops: Sequence[Op] = ()
    anew: bool = False
    """It begins at nothing, and what is stored is to be thrown away."""
    beside: str = ""
    """The edition that is written, with a position of its own, when it is not the one that is read."""


DROP: Final = """
local function drop(keys)
    local names = redis.call('SMEMBERS', keys)
    for first = 1, #names, 1000 do
        redis.call('UNLINK', unpack(names, first, math.min(first + 999, #names)))
    end
    redis.call('UNLINK', keys)
end
"""
"""Takes away every key of an edition, by the set that knows them."""

HELD: Final = 2
APPLY: Final = (
    DROP
    + """
local moves, texts, read = cjson.decode(ARGV[1]), ARGV[2], 0
local function place(n) return KEYS[2 * n - 1], KEYS[2 * n] end
for n, move in ipairs(moves) do
    local stored = redis.call('HMGET', (place(n)), 'seq', 'incarnation', 'edition', 'retried', 'held_until')
    if (stored[1] or '0') ~= move[1] or (stored[2] or '') ~= move[2] then return 0 end
    if (stored[3] or '') ~= move[3] or (stored[4] or '0') ~= move[4] then return 0 end
    if stored[5] and tonumber(stored[5]) > tonumber(redis.call('TIME')[1]) then return 2 end
end

-- Lua takes some thousands of arguments, and no more.
local function many(most, list, call)
    for first = 1, #list, most do call(unpack(list, first, math.min(first + most - 1, #list))) end
end

local function store(hash, fields, lengths)
    local list = {}
    for n, field in ipairs(fields) do
        list[2 * n - 1], list[2 * n] = field, string.sub(texts, read + 1, read + lengths[n])
        read = read + lengths[n]
    end
    many(2000, list, function(...) redis.call('HSET', hash, ...) end)
end

local function tally(hash, fields)
    for n = 1, #fields, 2 do
        if redis.call('HINCRBY', hash, fields[n], fields[n + 1]) == 0 then redis.call('HDEL', hash, fields[n]) end
    end
end

local function count(bits, useless_after, changes)
    local reasons = bits .. ':reasons'
    local there = redis.call('EXISTS', reasons) == 1
    local counting, setting, numbers, bys = {}, {}, {}, {}
    for n = 1, #changes, 2 do
        local by = changes[n + 1]
        if there or by > 0 then
            numbers[#numbers + 1], bys[#bys + 1] = changes[n], by
            for _, word in ipairs({'INCRBY', 'u16', '#' .. changes[n], by}) do counting[#counting + 1] = word end
        end
    end
    local counted = {}
    many(2000, counting, function(...)
        for _, left in ipairs(redis.call('BITFIELD', reasons, ...)) do counted[#counted + 1] = left end
    end)
    for n, left in ipairs(counted) do
        local bit = left == 0 and 0 or left == bys[n] and 1
        if bit then
            for _, word in ipairs({'SET', 'u1', numbers[n], bit}) do setting[#setting + 1] = word end
        end
    end
    many(2000, setting, function(...) redis.call('BITFIELD', bits, ...) end)
    if not there and #counted > 0 then
        redis.call('EXPIREAT', bits, useless_after)
        redis.call('EXPIREAT', reasons, useless_after)
    end
end

for n, move in ipairs(moves) do
    local position, keys = place(n)
    local _, _, _, _, seq, incarnation, whole_at, retried, anew, prefix, rows, ops = unpack(move)
    local known = {}
    if anew then drop(keys) end
    for _, some in ipairs(rows) do
        local key = prefix .. some[1]
        known[key] = true
        store(key, some[2], some[3])
    end
    for _, op in ipairs(ops) do
        local command, key = op[1], prefix .. op[2]
        known[key] = true
        if command == 'COUNT' then
            known[key .. ':reasons'] = true
            count(key, op[3], op[4])
        elseif command == 'TALLY' then
            tally(key, op[3])
        else
            many(2000, op[3], function(...) redis.call(command, key, ...) end)
        end
    end
    local names = {}
    for key in pairs(known) do names[#names + 1] = key end
    many(1000, names, function(...) redis.call('SADD', keys, ...) end)
    redis.call('HSET', position, 'seq', seq, 'incarnation', incarnation, 'whole_at', whole_at, 'retried', retried)
end
return 1
"""
)
"""1: written. 0: a position was not where its move begins, and nothing was. `HELD`: somebody keeps it where it is for a
moment, and nothing was.

Rows are one text, one after the other, of which only the lengths are said: so they are neither escaped nor read.
"""


def keys_and_arguments(tenant_id: str, moves: Iterable[Move]) -> tuple[list[str], list[bytes]]:
    """What the script is called with, for one tenant: what it has to do, and the rows."""
    keys: list[str] = []
    said, texts = [], list[bytes]()
    for move in moves:
        was, to = move.was, move.to
        edition = move.beside or was.edition
        keys.append(key_of(tenant_id, move.projection, POSITION, move.beside))
        keys.append(key_of(tenant_id, move.projection, KEYS, edition))
        from_, until = (str(was.seq), was.incarnation, was.edition, str(was.retried)), (str(to.seq), to.incarnation)
        prefix = model_of(tenant_id, move.projection, edition) + ":"
        rows, gone = _rows(move.rows, texts)
        ops = [*gone, *_together(move.ops)]
        said.append((*from_, *until, move.whole_at, to.retried, move.anew, prefix, rows, ops))
    return keys, [to_json(said), b"".join(texts)]


def _rows(tables: Mapping[str, Fields], texts: list[bytes]) -> tuple[list[object], list[object]]:
    """The tables with the fields to set and how long their texts are, and commands for the fields to delete."""
    stored: list[object] = []
    gone: list[object] = []
    for table, fields in tables.items():
        there = {field: text for field, text in fields.items() if text is not None}
        if there:
            texts += there.values()
            stored.append((table, list(there), [len(text) for text in there.values()]))
        if len(there) < len(fields):
            gone.append(("HDEL", table, [field for field, text in fields.items() if text is None]))
    return stored, gone


def _together(ops: Iterable[Op]) -> list[object]:
    """One command for all that is done to a key in the same way.

    What takes away comes first: of what follows from one row it always does, and no two rows put in the same.
    """
    first: dict[str | int, list[str | int]] = {}
    then: dict[tuple[str | int, str | int], list[str | int]] = {}
    counts: dict[str | int, tuple[int | str, dict[int | str, int]]] = {}
    for command, key, *arguments in ops:
        if command == "COUNT":
            bit, by, useless_after = arguments
            bits = counts.setdefault(key, (useless_after, {}))[1]
            bits[bit] = bits.get(bit, 0) + int(by)
        elif command == "ZREM":
            first.setdefault(key, []).extend(arguments)
        elif command == "SETBIT":
            then.setdefault(("BITFIELD", key), []).extend(("SET", "u1", *arguments))
        else:
            then.setdefault((command, key), []).extend(arguments)
    counted = (
        ("COUNT", key, useless_after, [part for change in bits.items() if change[1] for part in change])
        for key, (useless_after, bits) in counts.items()
    )
    return [
        *(("ZREM", key, members) for key, members in first.items()),
        *((command, key, arguments) for (command, key), arguments in then.items()),
        *(count for count in counted if count[3]),
    ]


NOWHERE: Final = Place(0, "")
