"""The key of which the secrets of all feeds are made: from the settings, or one that the installation made itself."""

import secrets
from typing import Final

from infra.key_file import KeyUnusable, read_or_make
from infra.settings import Settings

_FILE: Final = "feeds.key"
_LENGTH: Final = 32


def feed_key(settings: Settings) -> bytes:
    """The key. Another one leaves the links that exist as they are: what is stored of them does not need it.

    Raises:
        KeyUnusable: there is none, and none can be made.
    """
    if settings.feed_key is not None:
        return settings.feed_key.get_secret_value().encode()
    path = settings.data / _FILE
    try:
        key = read_or_make(path, lambda: secrets.token_bytes(_LENGTH))
    except OSError as error:
        raise KeyUnusable(f"{path}: {error.strerror}; PRODUCTION_TOOL_FEED_KEY can say it instead") from error
    if len(key) != _LENGTH:
        raise KeyUnusable(f"{path} is not a key of {_LENGTH} bytes")
    return key
