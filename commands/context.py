"""Who asks, for which tenant, under which key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a command needs to know beside what it says; built from the verified token and the headers only."""

    tenant_id: str
    actor: str
    """The token's subject, as recorded on every event."""
    permissions: frozenset[str]
    key: str
    """`Idempotency-Key`, unique within the tenant."""
    fingerprint: bytes
    """SHA-256 over the route and the body: tells a repeat from another command under the same key."""
    expected_version: int | None = None
    """`If-Match`: the version of the subject's stream that the caller has seen."""
    correlation_id: str
    causation_id: str | None = None
