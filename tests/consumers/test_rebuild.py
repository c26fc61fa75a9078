from hypothesis import given
from hypothesis import strategies as st

from consumers.rebuild import shares


@given(st.dictionaries(st.uuids().map(str), st.integers(1, 1000)), st.integers(1, 8))
def test_every_tenant_is_in_one_share_and_the_shares_are_as_even_as_the_largest_tenant_lets_them(
    seqs: dict[str, int], number: int
) -> None:
    made = shares(seqs, number)
    assert len(made) == number
    assert sorted(item for share in made for item in share.items()) == sorted(seqs.items())
    events = [sum(share.values()) for share in made]
    assert max(events) - min(events) <= max(seqs.values(), default=0)
