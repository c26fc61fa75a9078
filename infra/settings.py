"""What a person may set: read once from the environment, in `main`, and handed down from there.

A name in the environment is `PRODUCTION_TOOL_` and the field's, such as `PRODUCTION_TOOL_LOG_LEVEL`; the servers keep
the names that everybody gives them, such as `DATABASE_URL`. Lists and models are written as JSON.
"""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    RedisDsn,
    SecretStr,
    TypeAdapter,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict


def _for_libpq(url: str) -> str:
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ValueError(str(error).strip()) from error
    return url


DatabaseUrl = Annotated[str, AfterValidator(_for_libpq)]
"""`postgresql://user:password@host:5432/name`, or whatever else libpq understands."""


def _for_redis(url: str) -> str:
    _REDIS_URL.validate_python(url)
    return url


_REDIS_URL: Final = TypeAdapter(RedisDsn)
RedisUrl = Annotated[str, AfterValidator(_for_redis)]
"""`redis://:password@host:6379/0`, or `rediss://` for TLS."""
ClaimPath = Annotated[str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)]
"""Where a claim lies in a token: `org_id`, or `o.id` for the member `id` of the claim `o`."""


class Issuer(BaseModel):
    """Somebody whose tokens we believe. The first path that a token has is the one that counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[str, Field(min_length=1, max_length=500)]
    """`iss`, exactly as in the token. It is part of every tenant's id: changed, it names other tenants."""
    audience: Annotated[str, Field(min_length=1, max_length=500)]
    jwks_url: HttpUrl
    sign_in_url: HttpUrl | None = None
    """Where people sign in; it sends them back to `/board/sign-in#id_token=…&state=…`, with the `state` that it got."""
    tenant: tuple[ClaimPath, ...] = ("o.id", "org_id")
    role: tuple[ClaimPath, ...] = ("o.rol", "org_role")
    subject: tuple[ClaimPath, ...] = ("sub",)
    permissions: tuple[ClaimPath, ...] = ("permissions",)
    artist: tuple[ClaimPath, ...] = ("artist_id",)


class Settings(BaseSettings):
    """Everything, frozen. No secret has a default."""

    model_config = SettingsConfigDict(
        env_prefix="PRODUCTION_TOOL_", frozen=True, extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    database_url: Annotated[DatabaseUrl | None, Field(validation_alias="DATABASE_URL", repr=False)] = None
    """A Postgres of yours, from version 15 on; without it the embedded one is used."""
    read_database_url: Annotated[DatabaseUrl | None, Field(validation_alias="READ_DATABASE_URL", repr=False)] = None
    """A hot standby of that Postgres, which answers what read models are asked; without it the one answers all."""
    redis_url: Annotated[RedisUrl | None, Field(validation_alias="REDIS_URL", repr=False)] = None
    """A Redis or Valkey of yours; without it, and without a Postgres of yours, the embedded Valkey is used."""
    kafka_bootstrap_servers: Annotated[
        str | None, Field(validation_alias="KAFKA_BOOTSTRAP_SERVERS", pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$")
    ] = None
    """`host:port` of some of a cluster's brokers, with commas between; without it nothing goes through Kafka."""
    kafka_topic: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,200}$")] = "production-tool.events.v1"
    kafka_partitions: Annotated[int, Field(ge=1, le=1000)] = 12
    """Of the topic, when the relay makes it."""
    relay_shards: Annotated[int, Field(ge=1, le=1000)] = 12
    """Into how many parts the relays share the tenants; the same number for all of them."""
    data: Path = Path("var")
    """What the embedded servers keep, the key of the built-in issuer, and that of the feeds."""
    feed_key: Annotated[SecretStr | None, Field(min_length=32)] = None
    """Of which the secret links of calendars are made, the same in every process; without it one is made in `data`."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    issuers: tuple[Issuer, ...] = ()
    built_in_issuer: bool = False
    """Believe the tokens that `production-tool token` makes: whoever can read the data directory is anybody."""
    max_body_size: Annotated[int, Field(ge=1024)] = 1024 * 1024
    """Bytes of a request's body."""
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 1.0
    """How long a process that was told to stop goes on answering, with `/readyz` failing."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _issuers_differ(self) -> Self:
        names = [issuer.issuer for issuer in self.issuers]
        if len(names) != len(set(names)):
            raise ValueError("two issuers have the same name")
        return self
