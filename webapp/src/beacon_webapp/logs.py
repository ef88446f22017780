"""JSON lines on standard output, by structlog; other libraries' warnings in the same shape."""

import json
import logging.config
import sys
from typing import Any, Final

import structlog

_SHARED: Final[list[structlog.typing.Processor]] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
# One encoder for all lines: json.dumps with separators of its own makes a new one for each.
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), default=str).encode


def _render(_: Any, __: str, event: structlog.typing.EventDict) -> str:
    return _ENCODE(event)


def configure_logs(level: str) -> None:
    """Set up structlog and the standard library's root logger."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_SHARED, _render],
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
                "processor": _render,
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {"_granian": {"handlers": ["out"], "level": level, "propagate": False}},
    }
