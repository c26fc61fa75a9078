"""Where a server is to listen: whether it can, and what its clients call that."""

import errno
import os
import socket
from ipaddress import ip_address

from infra.cannot_run import CannotRun


class AddressUnusable(CannotRun):
    """No server of ours can listen there."""


def check_free(host: str, port: int) -> None:
    """Find out before anything is started that nobody else listens there; port 0 is any free one.

    Raises:
        AddressUnusable: somebody does, or this machine has no such address.
    """
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                # As servers do: what an earlier one has left behind does not count.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except socket.gaierror as error:
        raise AddressUnusable(f"{host} is no address of this machine: {error.strerror}") from error
    except OSError as error:
        why = "somebody listens there already" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0)
        raise AddressUnusable(f"port {port} of {host} cannot be used: {why}; choose another with --port") from error


def free_port(host: str) -> int:
    """A port that nobody uses at this moment."""
    family = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0][0]
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def http_url(host: str, port: int) -> str:
    """What a client on this machine calls a server that listens there."""
    try:
        found = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if found.is_unspecified:
        host = "127.0.0.1" if found.version == 4 else "::1"  # noqa: PLR2004 - the version of IP
    return f"http://{host if found.version == 4 else f'[{host}]'}:{port}"  # noqa: PLR2004
