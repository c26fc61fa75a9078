"""A tenant: the policy in force."""

from dataclasses import dataclass
from typing import ClassVar

from domain.decider import Decider
from domain.event import Event
from domain.policy import DEFAULT, Policy


class PolicyAdopted(Event):
    """Later commands follow this policy; clocks that run keep theirs."""

    stored_as: ClassVar[str] = "tenant.policy_adopted.v1"
    policy: Policy


@dataclass(frozen=True, slots=True)
class Tenant:
    """What later commands have to follow."""

    policy: Policy = DEFAULT


def adopt_policy(tenant: Tenant, policy: Policy) -> list[Event]:
    """Follow `policy` from now on."""
    return [] if tenant.policy == policy else [PolicyAdopted(policy=policy)]


def evolve(tenant: Tenant, event: Event) -> Tenant:
    """The tenant after `event`."""
    return Tenant(event.policy) if isinstance(event, PolicyAdopted) else tenant


TENANT = Decider[Tenant](category="tenant", events=(PolicyAdopted,), initial=Tenant(), evolve=evolve)
"""Its one stream is named by the tenant's own id."""
