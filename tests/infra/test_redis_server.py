from pathlib import Path

import pytest

from infra.cli_options import settings_with
from infra.embedded_guard import valkey
from infra.redis_server import redis_server
from infra.settings import Settings


def _settings(data: Path, **given: str) -> Settings:
    return Settings(data=data, **given)  # type: ignore[arg-type]  # read as the environment is


def test_a_redis_of_yours_is_the_one_that_is_used(data: Path) -> None:
    with redis_server(_settings(data, redis_url="redis://cache:6379/0")) as url:
        assert url == "redis://cache:6379/0"
    assert not (data / "valkey").exists()


def test_beside_a_postgres_of_yours_there_is_none_unless_it_is_wanted(data: Path) -> None:
    settings = _settings(data, database_url="postgresql://db/product")
    with redis_server(settings) as url:
        assert url is None
    with redis_server(settings, always=True) as url:
        assert url is not None
        assert url.startswith("redis://")
    assert valkey(data / "valkey") is None


def test_what_is_no_address_of_a_redis_is_refused_in_plain_words() -> None:
    with pytest.raises(Exception, match="a setting makes no sense"):
        settings_with(redis_url="http://cache")
