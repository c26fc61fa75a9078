"""The opaque text by which a read knows what its caller has seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.consistency import ForeignToken, Seen, TokenMalformed, decode, encode

TENANT = "01930000-0000-7000-8000-000000000000"


@given(st.integers(min_value=0, max_value=10**18 - 1), st.uuids())
def test_what_was_seen_comes_back(seq: int, incarnation: object) -> None:
    seen = Seen(tenant_id=TENANT, seq=seq, incarnation=str(incarnation))
    text = encode(seen)
    assert decode(text, TENANT) == seen
    assert text.replace("-", "").replace("_", "").isalnum()
    assert text.isascii()


def test_what_another_tenant_saw_is_foreign() -> None:
    text = encode(Seen(tenant_id="another", seq=7, incarnation="i"))
    with pytest.raises(ForeignToken):
        decode(text, TENANT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello world",
        "ä",
        "a",
        "////",
        "_____w",
        "x" * 201,
        encode(Seen(tenant_id=TENANT, seq=-1, incarnation="i")),
        encode(Seen(tenant_id=TENANT, seq=10**18, incarnation="i")),
        encode(Seen(tenant_id=TENANT, seq=1, incarnation="")),
    ],
)
def test_what_nobody_here_has_written_is_malformed(text: str) -> None:
    with pytest.raises(TokenMalformed):
        decode(text, TENANT)


@given(st.text(max_size=250))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    with pytest.raises((TokenMalformed, ForeignToken)):
        decode(text, TENANT)
