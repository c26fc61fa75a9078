"""Asks Redis; `read_api.keys.Keys`."""

from typing import Any, Final

from redis.exceptions import NoScriptError

from infra.redis import UNAVAILABLE, Client, open_client
from infra.redis_keys import PARKED, POSITION, model_of
from read_api.keys import KeysUnavailable, Question, Reply

_PATIENCE: Final = 0.5
"""Seconds: who asks had better have an answer from Postgres than wait for a Redis that is silent."""
_AROUND: Final = """#!lua flags=allow-oom
local places, models = {{}}, {{}}
for n = 1, #KEYS do
    places[n] = redis.call('HMGET', KEYS[n] .. ':{position}', 'seq', 'incarnation', 'whole_at', 'edition')
    models[n] = places[n][4] and KEYS[n] .. ':' .. places[n][4] or KEYS[n]
    places[n][4] = redis.call('EXISTS', models[n] .. ':{parked}')
end
local function answer()
{script}
end
return {{places, answer()}}
"""
"""Where the read models are, and the answer of one moment; on a server that is full, too."""


class RedisKeys:
    """One for the whole process."""

    def __init__(self, url: str) -> None:
        """Connects to `url` when something is asked."""
        self._client: Client = open_client(url, name="reads", patience=_PATIENCE, connections=32)
        self._loaded: dict[Question, str] = {}

    async def ask(self, tenant_id: str, question: Question, arguments: tuple[str | int, ...]) -> Reply:
        """See `read_api.keys.Keys`."""
        keys = [model_of(tenant_id, projection) for projection in question.projections]
        try:
            places, answer = await self._run(question, keys, arguments)
        except UNAVAILABLE as error:
            raise KeysUnavailable from error
        seqs = []
        for seq, incarnation, whole_at, parked in places:
            if seq is None or parked or int(seq) < int(whole_at) or incarnation != places[0][1]:
                raise KeysUnavailable
            seqs.append(int(seq))
        return Reply(min(seqs), places[0][1].decode(), answer)

    async def aclose(self) -> None:
        """Ask no more."""
        await self._client.aclose()

    async def _run(self, question: Question, keys: list[str], arguments: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - as Redis answers
        name = self._loaded.get(question) or await self._load(question)
        try:
            return await self._client.evalsha(name, len(keys), *keys, *arguments)
        except NoScriptError:
            # Redis has begun anew since.
            return await self._client.evalsha(await self._load(question), len(keys), *keys, *arguments)

    async def _load(self, question: Question) -> str:
        script = _AROUND.format(position=POSITION, parked=PARKED, script=question.script)
        name = self._loaded[question] = str(await self._client.script_load(script))
        return name
