"""Every line a JSON object, from the first to the last; on a terminal a line for people."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import warnings
from types import TracebackType
from typing import Any, TextIO

from morrow.kit.request.request import current


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: time, level, logger, message, ids, fields, stack.

    >>> record = logging.LogRecord("shop", logging.INFO, "", 0, "sold %d", (2,), None)
    >>> json.loads(JsonFormatter().format(record))["message"]
    'sold 2'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": _utc(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        request = current.get()
        if request is not None:
            line["request_id"] = request.id
            if request.trace_id:
                line["trace_id"] = f"{request.trace_id:032x}"
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["stack"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return json.dumps(line, default=str)


class PeopleFormatter(logging.Formatter):
    """The same record for a terminal.

    >>> record = logging.LogRecord("shop", logging.INFO, "", 0, "sold", (), None)
    >>> PeopleFormatter().format(record)[9:]
    'info    shop: sold'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the stack below it."""
        stamp = time.strftime("%H:%M:%S", time.localtime(record.created))
        text = f"{stamp} {record.levelname.lower():7} {record.name}: {_message(record)}"
        for name, value in getattr(record, "fields", {}).items():
            # A list repeats, for tools, what the message says.
            if not isinstance(value, list):
                text += f" {name}={value}"
        if record.exc_info and record.exc_info[0] is not None:
            text += "\n" + self.formatException(record.exc_info)
        return text


def _utc(moment: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(moment))}.{int(moment % 1 * 1000):03}Z"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # A wrong number of arguments must not lose the line, nor break the format.
        return f"{record.msg} {record.args!r}"


def fields(**named: object) -> dict[str, object]:
    """Return what a log call takes as `extra`, for fields beside the message.

    >>> fields(lost=0)
    {'fields': {'lost': 0}}
    """
    return {"fields": named}


def configure(stream: TextIO | None = None, *, people: bool | None = None) -> None:
    """Send every log line, warning and uncaught exception to stdout.

    >>> configure(people=False)
    >>> logging.getLogger().handlers[0].formatter.__class__.__name__
    'JsonFormatter'
    """
    stream = stream or sys.stdout
    people = stream.isatty() if people is None else people
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PeopleFormatter() if people else JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, stack: TracebackType | None) -> None:
    logging.getLogger("morrow").critical("uncaught exception", exc_info=(kind, error, stack))


def _uncaught_in_thread(args: Any) -> None:  # noqa: ANN401 - threading's own type is private
    logging.getLogger("morrow").critical(
        "uncaught exception in thread %s",
        args.thread.name if args.thread else "?",
        exc_info=(args.exc_type, args.exc_value, args.exc_traceback),
    )
