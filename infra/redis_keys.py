"""What keys are called. The tenant is in braces, so that all that is one tenant's lies on one node of a cluster."""

from typing import Final

from projections.table import Key

POSITION: Final = "position"
"""A hash: `seq`, the last that was applied, `incarnation`, the life of the log that it was read from, and `whole_at`,
the seq from which on it is no longer a read model that catches up, but one to be read.

`edition` is the one of the read model that is read; without it the first is, which has no name. `retried` counts how
often parked events were applied after all, which changes rows and no seq."""
PARKED: Final = "parked"
"""A hash: by seq, the events that were left out."""
KEYS: Final = "keys"
"""A set: every key that the edition has ever had in this tenant, to begin anew without a search."""


def model_of(tenant_id: str, projection: str, edition: str = "") -> str:
    """What the names of a read model's keys begin with, in one of its editions."""
    return f"pt:{{{tenant_id}}}:{projection}:{edition}" if edition else f"pt:{{{tenant_id}}}:{projection}"


def key_of(tenant_id: str, projection: str, name: str, edition: str = "") -> str:
    """The key called `name` of an edition of a read model."""
    return f"{model_of(tenant_id, projection, edition)}:{name}"


def field_of(key: Key) -> str:
    """A row's field in the hash of its table: its key, without the tenant that the hash is of."""
    return "/".join(key[1:])
