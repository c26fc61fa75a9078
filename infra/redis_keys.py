"""What keys are called. The tenant is in braces, so that all that is one tenant's lies on one node of a cluster."""

from typing import Final

from projections.table import Key

POSITION: Final = "position"
"""A hash: `seq`, the last that was applied, `incarnation`, the life of the log that it was read from, and `whole_at`,
the seq from which on it is no longer a read model that catches up, but one to be read."""
PARKED: Final = "parked"
"""A hash: by seq, the events that were left out."""
KEYS: Final = "keys"
"""A set: every key that the read model has ever had in this tenant, to begin anew without a search."""


def key_of(tenant_id: str, projection: str, name: str) -> str:
    """The key called `name` of a read model; without a name, the read model itself is one key."""
    return f"pt:{{{tenant_id}}}:{projection}:{name}" if name else f"pt:{{{tenant_id}}}:{projection}"


def field_of(key: Key) -> str:
    """A row's field in the hash of its table: its key, without the tenant that the hash is of."""
    return "/".join(key[1:])
