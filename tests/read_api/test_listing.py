"""Pages of lists: together they are the list, and each cursor is of one list of one tenant."""

from typing import Any, cast

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st

from domain.permission import ROLES, Who
from read_api.listing import Listing
from read_api.tenant import Found, Tenant

ROWS = st.lists(st.tuples(st.integers(1, 20), st.text("abc", max_size=2)), unique=True, max_size=30).map(sorted)


def staff(tenant_id: str) -> Tenant:
    who = Who(tenant_id=tenant_id, actor="ada", role="viewer", permissions=ROLES["viewer"])
    return Tenant(who=who, reads=cast("Any", None), projections=frozenset(), seen=None)


def found(rows: list[tuple[int, str]], listing: Listing) -> list[Found]:
    """What a query finds that takes the parameters of a page."""
    said = listing.parameters
    behind = [{"seq": seq, "name": name} for seq, name in rows if (seq, name) > (said["after"], said["name"])]
    return behind[: said["most"]]


@given(rows=ROWS, limit=st.integers(1, 8))
def test_pages_of_any_length_make_up_the_list_and_the_last_one_says_so(rows: list[tuple[int, str]], limit: int) -> None:
    seen, cursor, pages = list[tuple[int, str]](), None, 0
    while pages == 0 or cursor is not None:
        listing = Listing.of(staff("acme"), cursor, limit, "/v1/people", "q")
        shown, cursor = listing.page(found(rows, listing), name="name")
        seen += [(row["seq"], row["name"]) for row in shown]
        pages += 1
    assert seen == rows
    assert pages == max(1, -(-len(rows) // limit))


@pytest.mark.parametrize(
    ("tenant", "of"),
    [("other", ("/v1/jobs", "open")), ("acme", ("/v1/jobs", "closed")), ("acme", ("/v1/holds", "open"))],
)
def test_a_cursor_is_good_for_its_own_list_of_its_own_tenant(tenant: str, of: tuple[str, str]) -> None:
    first = Listing.of(staff("acme"), None, 1, "/v1/jobs", "open")
    _, cursor = first.page([{"seq": 3}, {"seq": 7}])
    assert Listing.of(staff("acme"), cursor, 1, "/v1/jobs", "open").after == 3
    with pytest.raises(RequestValidationError):
        Listing.of(staff(tenant), cursor, 1, *of)
