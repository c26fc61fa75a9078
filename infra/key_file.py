"""Secrets that an installation makes for itself, in files that only their owner may read."""

import os
import stat
import uuid
from collections.abc import Callable
from pathlib import Path

from infra.cannot_run import CannotRun


class KeyUnusable(CannotRun):
    """A key is damaged, or others than its owner may read it."""


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """What is in `path`, made when there is nothing; two processes that both make it end up with the same.

    Raises:
        KeyUnusable: others may read it.
        OSError: it can be neither read nor made.
    """
    if not path.exists():
        _write(path, make())
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyUnusable(f"{path} must be readable by its owner only: chmod 600 {path}")
    return path.read_bytes()


def _write(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
