"""One line per thing that happened, named `noun_happened`, with fields beside it: JSON, or colours on a terminal.

Whatever is bound with `structlog.contextvars.bind_contextvars(tenant=…)` stands on every line of that request.
"""

import logging
import sys

import structlog
from structlog.typing import Processor

_forget = structlog.stdlib.ProcessorFormatter.remove_processors_meta
_without_values = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
"""A local variable may be a token or a password."""


def configure_logging(level: str) -> None:
    """Once, at the start of a process; writes to stderr. `level` is debug, info, warning or error."""
    terminal = sys.stderr.isatty()
    lines: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [structlog.processors.ExceptionRenderer(_without_values), structlog.processors.JSONRenderer()]
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, *lines],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_forget, *lines]))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # It tells of every connection and rebalance, and calls a broker that is away for a moment an error.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
