"""Every line a JSON object, from the first to the last; on a terminal a line for people."""

import contextlib
import json
import logging
import os
import sys
import threading
import time
import warnings
from contextvars import ContextVar
from typing import Any, TextIO

from morrow.kit.request.request import Request, current
from morrow.kit.settings.redact import clean, learn, text_of

OURS = ("morrow", *(f"morrow.{one}" for one in ("access", "admin", "checks", "child", "tracing")))
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# What every record has; the rest came as `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "asctime", "fields", "message", "taskName"
}  # fmt: skip
_bound: ContextVar[dict[str, object] | None] = ContextVar("morrow_bound", default=None)


def bind(**named: object) -> None:
    """Add fields to every later line of this request, or of this thread or task outside of one.

    >>> bind(order="A-17")
    >>> record = logging.LogRecord("shop", logging.INFO, "", 0, "sold", (), None)
    >>> json.loads(JsonFormatter().format(record))["order"]
    'A-17'
    """
    request = current.get()
    if request is None:
        _bound.set({**(_bound.get() or {}), **named})
    else:
        request.bound = {**(request.bound or {}), **named}


def _added(record: logging.LogRecord) -> dict[str, object]:
    """Return what stands beside the message: bound fields, `extra=`, our own."""
    request = current.get()
    bound = _bound.get() if request is None else request.bound
    added = dict(bound) if bound else {}
    added.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
    added.update(getattr(record, "fields", {}))
    return added


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
                line["span_id"] = f"{_span_id(request):016x}"
        for key, value in _added(record).items():
            line[f"{key}_" if key in line else key] = value
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["stack"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        try:
            text = json.dumps(line, default=text_of, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            # Keys that are no text, a circle, NaN: shown as Python does, the line is kept.
            text = json.dumps({text_of(key): text_of(value) for key, value in line.items()})
        return clean(text)


class PeopleFormatter(logging.Formatter):
    """The same record for a terminal.

    >>> record = logging.LogRecord("shop", logging.INFO, "", 0, "paid", (), None)
    >>> PeopleFormatter().format(record)[9:]
    'info    shop: paid'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the stack below it."""
        stamp = time.strftime("%H:%M:%S", time.localtime(record.created))
        text = f"{stamp} {record.levelname.lower():7} {record.name}: {_message(record)}"
        added = _added(record)
        stack = added.pop("stack", "")
        for name, value in added.items():
            # A list repeats, for tools, what the message says.
            if not isinstance(value, list):
                text += f" {name}={text_of(value)}"
        if record.exc_info and record.exc_info[0] is not None:
            stack = self.formatException(record.exc_info)
        return clean(f"{text}\n{stack}" if stack else text)


def _span_id(request: Request) -> int:
    """Return the span that works now: the request's, or one that the application began in it."""
    trace: Any = sys.modules["opentelemetry.trace"]
    inner = trace.get_current_span().get_span_context()
    if inner.trace_id == request.trace_id:
        return int(inner.span_id)
    return int(request.span.get_span_context().span_id)


def _utc(moment: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(moment))}.{int(moment % 1 * 1000):03}Z"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        # A wrong number of arguments, or one that cannot print itself, must not lose the line.
        return f"{text_of(record.msg)} {text_of(record.args, repr)}"


def fields(**named: object) -> dict[str, object]:
    """Return what a log call takes as `extra`, for fields beside the message.

    >>> fields(lost=0)
    {'fields': {'lost': 0}}
    """
    return {"fields": named}


class _Handler(logging.StreamHandler[TextIO]):
    """One that goes on though the application closes `sys.stdout`, or takes it apart."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            closed = self.stream.closed
        except ValueError:
            closed = True
        if closed:
            with contextlib.suppress(OSError):
                self.stream = open(1, "w", closefd=False)  # noqa: SIM115 - a descriptor
        super().emit(record)


class _Ours(logging.Logger):
    """One that an application's `dictConfig` or `logging.disable` cannot switch off.

    By default the first switches off every logger which it does not name.
    """

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - logging's
        return level >= self.getEffectiveLevel()

    @property
    def disabled(self) -> bool:
        return False

    @disabled.setter
    def disabled(self, value: bool) -> None:
        """Stay."""


def configure(stream: TextIO | None = None, *, people: bool | None = None) -> None:
    """Send every log line, warning and uncaught exception to stdout.

    `MORROW_LOG_LEVEL` is the level of our own loggers; the application sets its own.

    >>> configure(people=False)
    >>> logging.getLogger().handlers[0].formatter.__class__.__name__
    'JsonFormatter'
    """
    stream = stream or sys.stdout
    people = stream.isatty() if people is None else people
    handler = _Handler(stream)
    handler.setFormatter(PeopleFormatter() if people else JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in OURS:
        logging.getLogger(name).__class__ = _Ours
    # A handler of its own: ours stay JSON where an application puts another on the root.
    ours = logging.getLogger(OURS[0])
    ours.handlers, ours.propagate = [handler], False
    wanted = os.environ.get("MORROW_LOG_LEVEL", "")
    ours.setLevel(wanted if wanted in LEVELS else logging.INFO)  # the settings refuse others
    learn(os.environ)
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(*error: Any, where: str = "") -> None:  # noqa: ANN401 - type, value, traceback
    logging.getLogger("morrow").critical("uncaught exception%s", where, exc_info=error)


def _uncaught_in_thread(args: Any) -> None:  # noqa: ANN401 - threading's own type is private
    name = args.thread.name if args.thread else "?"
    _uncaught(args.exc_type, args.exc_value, args.exc_traceback, where=f" in thread {name}")
