"""What a caller has seen of the log, as an opaque text that later reads bring back: `Consistency-Token`."""

from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from domain.errors import DomainError

_LONGEST: Final = 200
_MOST_DIGITS: Final = 18
"""Digits of a seq that every database can compare."""


class TokenMalformed(DomainError):
    """The text was never a `Consistency-Token`."""

    code = "malformed_token"


class ForeignToken(DomainError):
    """The token speaks of another tenant's log, or of another life of this one."""

    code = "foreign_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A place in the log of a tenant. A log that is lost and made anew has another `incarnation`."""

    tenant_id: str
    seq: int
    incarnation: str


def encode(seen: Seen) -> str:
    """The text that goes into the header: base64url, without padding."""
    plain = f"{seen.tenant_id}/{seen.seq}/{seen.incarnation}"
    return urlsafe_b64encode(plain.encode()).rstrip(b"=").decode("ascii")


def decode(text: str, tenant_id: str) -> Seen:
    """What a caller of `tenant_id` brought back. The incarnation is left for whoever knows the log to compare.

    Raises:
        TokenMalformed: nobody here wrote that.
        ForeignToken: it is another tenant's.
    """
    if len(text) > _LONGEST:
        raise TokenMalformed("Consistency-Token is too long.")
    try:
        plain = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise TokenMalformed("Consistency-Token is not one of ours.") from error
    whose, _, rest = plain.partition("/")
    seq, _, incarnation = rest.partition("/")
    if not incarnation or not (seq.isascii() and seq.isdigit() and len(seq) <= _MOST_DIGITS):
        raise TokenMalformed("Consistency-Token is not one of ours.")
    if whose != tenant_id:
        raise ForeignToken("This Consistency-Token is not of this tenant.")
    return Seen(tenant_id=whose, seq=int(seq), incarnation=incarnation)
