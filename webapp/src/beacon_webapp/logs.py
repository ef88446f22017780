"""JSON lines on standard output, by structlog; other libraries' warnings in the same shape."""

import logging.config
import sys
from typing import Any, Final

import structlog

_SHARED: Final[list[structlog.typing.Processor]] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure_logs(level: str) -> None:
    """Set up structlog and the standard library's root logger."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer(separators=(",", ":"))],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(standard_library_logs("WARNING"))


def standard_library_logs(level: str) -> dict[str, Any]:
    """Describe, as logging.config wants it, that every library's lines go where ours go."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": structlog.processors.JSONRenderer(separators=(",", ":")),
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {"_granian": {"handlers": ["out"], "level": level, "propagate": False}},
    }
