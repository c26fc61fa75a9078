"""What a read model's keys hold, whatever their kinds, and the rows of a replay beside them."""

import os
from typing import Any

from redis import Redis

Value = dict[str, str] | dict[str, float] | set[str] | bytes


def all_keys(url: str, tenant_id: str, projection: str) -> dict[str, Value]:
    """Every key of a read model in one tenant; bits without the zeros behind the last of them."""
    with Redis.from_url(url, decode_responses=False) as client:
        prefix = f"pt:{{{tenant_id}}}:{projection}"
        names = [os.fsdecode(name) for name in client.scan_iter(f"{prefix}*", count=1000)]
        found = {name.removeprefix(prefix): _value(client, name) for name in names}
    return {name: value for name, value in found.items() if name != ":keys" and value}


def _value(client: Any, name: str) -> Value:  # noqa: ANN401 - its answers are bytes, which it does not say
    match client.type(name):
        case b"hash":
            return {k.decode(): v.decode() for k, v in client.hgetall(name).items()}
        case b"zset":
            return {k.decode(): v for k, v in client.zrange(name, 0, -1, withscores=True)}
        case b"set":
            return {one.decode() for one in client.smembers(name)}
        case _:
            return bytes(client.get(name) or b"").rstrip(b"\0")
