"""`infra/address.py`: where a server can listen, and what its clients call that."""

import socket

import pytest

from infra.address import AddressUnusable, check_free, free_port, http_url


def test_a_port_is_free_until_somebody_listens() -> None:
    port = free_port("127.0.0.1")
    check_free("127.0.0.1", port)
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(AddressUnusable, match="somebody listens there already"),
    ):
        check_free("127.0.0.1", port)
    check_free("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.1", "nobody.invalid"])
def test_an_address_of_somebody_else_cannot_be_listened_on(host: str) -> None:
    with pytest.raises(AddressUnusable, match=host):
        check_free(host, 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - it is only talked of
        ("::", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_a_client_on_this_machine_finds_it(host: str, url: str) -> None:
    assert http_url(host, 80) == url
