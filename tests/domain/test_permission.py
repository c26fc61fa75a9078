"""Roles: what each of them may do."""

from itertools import pairwise
from typing import get_args

from domain.overrides import Overriding
from domain.permission import OVERRIDES, ROLES, Permission, Role


def test_every_role_is_in_the_table() -> None:
    assert set(ROLES) == set(get_args(Role))


def test_each_of_viewer_coordinator_producer_and_admin_may_all_that_the_one_before_may() -> None:
    order: list[Role] = ["viewer", "coordinator", "producer", "admin"]
    for less, more in pairwise(order):
        assert ROLES[less] < ROLES[more]


def test_an_auditor_writes_nothing() -> None:
    assert ROLES["auditor"] == {Permission.READ, Permission.AUDIT}


def test_an_artist_sees_nobody_elses_calendar() -> None:
    assert Permission.READ not in ROLES["artist"]


def test_only_an_admin_may_override() -> None:
    assert [role for role, permissions in ROLES.items() if permissions & OVERRIDES] == ["admin"]


def test_each_override_is_a_permission_of_its_own() -> None:
    assert set(get_args(Overriding)) == OVERRIDES


def test_a_service_has_only_what_its_token_names() -> None:
    assert ROLES["service"] == frozenset()
