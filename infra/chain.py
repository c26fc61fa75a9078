"""The hash chain: each event's hash covers its exact stored bytes and the hash before it."""

from hashlib import sha256

GENESIS = bytes(32)
"""The hash before a tenant's first event."""


def envelope(*, actor: str, correlation_id: str, causation_id: str | None) -> str:
    """The part of the record that all events of one command share."""
    return f"\0{actor}\0{correlation_id}\0{causation_id or ''}\0"


def chained(
    previous: bytes,
    *,
    tenant_id: str,
    seq: int,
    stream: str,
    version: int,
    event_id: str,
    event_type: str,
    recorded_at: int,
    envelope: str,
    data: bytes,
) -> bytes:
    """The hash of an event whose predecessor in the tenant has the hash `previous` (32 bytes).

    `recorded_at` is in microseconds since 1970 (UTC), `data` is the JSON text as stored. The fields are joined by
    NUL, which Postgres stores in no text, so that no two events have the same record.
    """
    record = f"{tenant_id}\0{seq}\0{stream}\0{version}\0{event_id}\0{event_type}\0{recorded_at}{envelope}"
    return sha256(previous + record.encode() + data).digest()
