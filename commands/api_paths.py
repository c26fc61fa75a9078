"""Finding a command by its path: one look into a dictionary, with `{id}` for every id."""

import re
from collections.abc import Sequence
from typing import Final

from commands.api_route import UUID, CommandRoute

_ID: Final = re.compile(rf"(?<=/){UUID}(?=/|$)")


class CommandPaths:
    """The commands by their paths; no two have the same."""

    def __init__(self, commands: Sequence[CommandRoute]) -> None:
        """These."""
        self._commands = {command.path: command for command in commands}

    def find(self, path: str) -> tuple[CommandRoute, list[str]] | None:
        """The command, and the ids in the path in their order; `None` if it is no command or an id is none."""
        if "{" in path:  # it would pass for a template, and there would be no id for it
            return None
        command = self._commands.get(_ID.sub("{id}", path))
        return None if command is None else (command, _ID.findall(path))
