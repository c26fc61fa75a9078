"""Every read model there is."""

from typing import Final

from projections import artist_calendar, directory, holds
from projections.projection import Projection

READ_MODELS: Final[tuple[Projection, ...]] = (holds.PROJECTION, artist_calendar.PROJECTION, directory.PROJECTION)
