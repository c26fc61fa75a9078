"""What the tests of benchmarks need not wait for."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def few_files_of_the_write_ahead_log() -> Iterator[None]:
    """A gigabyte a server keeps figures steady, and here nobody reads them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.bench.servers.WAL_FILES", 1)
        yield
