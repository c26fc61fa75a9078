"""Feeds: open, revoke."""

from collections.abc import Callable
from datetime import datetime
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import from_json, to_json

from commands.body import Body, Id, Name, Text, new_id
from commands.context import Context
from commands.log import Decided, Log, Outcome, States
from domain.artist import ARTIST
from domain.errors import NotAllowed, NotFound
from domain.feed import FEED, FeedOpened, Named, Shows, hash_of, open_feed, revoke, secret_of
from domain.permission import Permission
from domain.project import PROJECT

FeedKey = Callable[[], bytes]
"""The installation's key of which all secrets are made; raises when there is none that can be used."""


class OpenFeed(Body):
    """Let calendars elsewhere subscribe to an artist's time, or to a project's."""

    id: Id | None = None
    artist_id: Id | None = None
    project_id: Id | None = None
    shows: Shows = Field(
        default="busy", description="`busy`: when time is taken, and nothing else. `details`: for whom and for what."
    )
    name: Name | None = Field(default=None, description="What the calendar is called where it is shown.")

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if (self.artist_id is None) == (self.project_id is None):
            raise ValueError("a feed is of an artist or of a project: give artist_id or project_id")
        return self


class RevokeFeed(Body):
    """Let its link lead nowhere."""

    reason: Text | None = None


async def open_a_feed(log: Log, context: Context, command: OpenFeed, key: FeedKey) -> Outcome:
    """The same feed twice is one. Answers the `path` of its link, which is nowhere to be had again without the key.

    What is kept of the answer has no `path`, so that the log knows no secret; it is worked out for every repeat.

    Raises:
        NotAllowed: the feed would show more than its opener may see.
    """
    if command.shows == "details" and Permission.READ not in context.permissions:
        raise NotAllowed("For whom time is taken is shown to those who may read that.", permission=Permission.READ)
    feed, made_of = FEED.stream(command.id or new_id()), key()
    artist = None if command.artist_id is None else ARTIST.stream(command.artist_id)
    project = None if command.project_id is None else PROJECT.stream(command.project_id)
    wish = FeedOpened(
        artist_id=command.artist_id,
        project_id=command.project_id,
        shows=command.shows,
        name=command.name,
        secret_hash=hash_of(secret_of(made_of, Named(context.tenant_id, feed.id))),
    )

    def decision(states: States, _: datetime) -> Decided:
        if artist is not None and states[artist].added is None:
            raise NotFound("There is no such artist.")
        if project is not None and states[project].opened is None:
            raise NotFound("There is no such project.")
        return Decided({feed: open_feed(states[feed], wish)})

    outcome = await log.decide(context, feed, [one for one in (artist, project) if one is not None], decision)
    secret = secret_of(made_of, Named(context.tenant_id, from_json(outcome.body)["id"]))
    return outcome._replace(body=b'%b,"path":%b}' % (outcome.body[:-1], to_json(f"/feeds/{secret}.ics")))


async def revoke_feed(log: Log, context: Context, feed_id: str, command: RevokeFeed) -> Outcome:
    """Revoking twice changes nothing."""
    feed = FEED.stream(feed_id)
    opened = (await log.state(context.tenant_id, feed)).opened
    artist = () if opened is None or opened.artist_id is None else (ARTIST.stream(opened.artist_id),)

    def decision(states: States, _: datetime) -> Decided:
        return Decided({feed: revoke(states[feed], command.reason)})

    return await log.decide(context, feed, artist, decision)
