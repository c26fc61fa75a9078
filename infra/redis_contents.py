"""All that one edition of a read model holds in one tenant, of one moment: to compare it, key by key."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from infra.redis_keys import KEYS, PARKED, POSITION, key_of, model_of

Value = Any
"""What a key holds: a dict of a hash or a sorted set, a set, or bytes without the zeros at their end."""

_ATTEMPTS: Final = 100
"""To read a read model while nothing moves; each is one short transaction."""


class Contents(NamedTuple):
    """Where it was, what it had left out, and its keys by name; what is empty is as if it were not there."""

    seq: int
    parked: frozenset[int]
    keys: Mapping[str, Value]


async def contents(
    client: Any,  # noqa: ANN401 - its answers are bytes, which it does not say
    tenant_id: str,
    projection: str,
    *,
    beside: str = "",
) -> Contents:
    """What the edition that is read holds, or the one that is being filled `beside` it.

    Raises:
        LookupError: it moves too fast to be read.
    """
    place = key_of(tenant_id, projection, POSITION, beside)
    for _ in range(_ATTEMPTS):
        edition = beside or (await client.hget(place, "edition") or b"").decode()
        registry, begins = key_of(tenant_id, projection, KEYS, edition), model_of(tenant_id, projection, edition)
        names = sorted(await client.smembers(registry))
        kinds = [await client.type(name) for name in names]
        async with client.pipeline(transaction=True) as pipe:
            pipe.hmget(place, "seq", "edition")
            pipe.scard(registry)
            for name, kind in zip(names, kinds, strict=True):
                _ask(pipe, name, kind)
            (seq, stored), known, *values = await pipe.execute(raise_on_error=False)
        moved = (beside or (stored or b"").decode()) != edition
        if moved or known != len(names) or any(isinstance(value, Exception) for value in values):
            continue
        keys = {
            name.decode().removeprefix(f"{begins}:"): _value(kind, value)
            for name, kind, value in zip(names, kinds, values, strict=True)
        }
        parked = frozenset(int(one) for one in keys.pop(PARKED, {}))
        return Contents(int(seq or 0), parked, {name: value for name, value in keys.items() if value})
    raise LookupError(f"{projection} of {tenant_id} moves faster than it can be read")


def _ask(pipe: Any, name: bytes, kind: bytes) -> None:  # noqa: ANN401 - a pipeline of Redis
    match kind:
        case b"hash":
            pipe.hgetall(name)
        case b"zset":
            pipe.zrange(name, 0, -1, withscores=True)
        case b"set":
            pipe.smembers(name)
        case _:
            pipe.get(name)


def _value(kind: bytes, value: Any) -> Value:  # noqa: ANN401 - as Redis answers
    match kind:
        case b"hash":
            return {field.decode(): text.decode() for field, text in value.items()}
        case b"zset":
            return {member.decode(): int(score) for member, score in value}
        case b"set":
            return {member.decode() for member in value}
        case _:
            return (value or b"").rstrip(b"\0")
