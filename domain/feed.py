"""A feed: a calendar to subscribe to, behind a link that nobody can guess and whose bearer needs no token."""

import hmac
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import ClassVar, Final, Literal, NamedTuple
from uuid import UUID

from domain.artist import IdTaken
from domain.decider import Decider
from domain.errors import NotFound
from domain.event import Event

Shows = Literal["busy", "details"]

_SECRET: Final = 86
"""Characters: two ids and 32 bytes that only the installation's key gives, in base64url."""


class FeedOpened(Event):
    """Whoever has the link sees when an artist's, or a project's, time is taken; with `details` also for what."""

    stored_as: ClassVar[str] = "feed.opened.v1"
    artist_id: str | None = None
    project_id: str | None = None
    shows: Shows = "busy"
    name: str | None = None
    secret_hash: str
    """SHA-256 of the secret, in hexadecimal digits; the secret itself is stored nowhere."""


class FeedRevoked(Event):
    """The link leads nowhere any more."""

    stored_as: ClassVar[str] = "feed.revoked.v1"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """What decisions need to know of a feed."""

    opened: FeedOpened | None = None
    revoked: bool = False


class Named(NamedTuple):
    """What a secret says of itself; true only if its hash is that feed's."""

    tenant_id: str
    feed_id: str


def secret_of(key: bytes, named: Named) -> str:
    """The secret of a feed: the same whenever it is worked out with the same `key`."""
    name = UUID(named.tenant_id).bytes + UUID(named.feed_id).bytes
    return urlsafe_b64encode(name + hmac.digest(key, name, "sha256")).rstrip(b"=").decode("ascii")


def hash_of(secret: str) -> str:
    """What is stored of a secret."""
    return sha256(secret.encode()).hexdigest()


def named_in(secret: str) -> Named | None:
    """The feed that a text claims to be the secret of; None when it cannot be one."""
    if len(secret) != _SECRET or not secret.isascii():
        return None
    try:
        said = b64decode(secret + "==", altchars=b"-_", validate=True)
    except NotBase64:
        return None
    return Named(str(UUID(bytes=said[:16])), str(UUID(bytes=said[16:32])))


def open_feed(feed: Feed, wish: FeedOpened) -> list[Event]:
    """Open the feed that `wish` describes.

    Raises:
        IdTaken: another feed has this id.
    """
    if feed.opened is None:
        return [wish]
    if feed.opened != wish:
        raise IdTaken("Another feed has this id.")
    return []


def revoke(feed: Feed, reason: str | None) -> list[Event]:
    """Let its link lead nowhere; nothing when it has been revoked.

    Raises:
        NotFound: there is no such feed.
    """
    if feed.opened is None:
        raise NotFound("There is no such feed.")
    return [] if feed.revoked else [FeedRevoked(reason=reason)]


def evolve(feed: Feed, event: Event) -> Feed:
    """The feed after `event`."""
    match event:
        case FeedOpened():
            return Feed(opened=event)
        case FeedRevoked():
            return replace(feed, revoked=True)
        case _:
            return feed


FEED = Decider[Feed](category="feed", events=(FeedOpened, FeedRevoked), initial=Feed(), evolve=evolve)
