"""Make of each event one log line; tell systemd how the service is. (metrics counts them.)

Stages return reports, doers make Events of them, and only here is something written: words on a
terminal, `key=value` lines elsewhere, JSON lines for machines. No line holds a secret, and none can
be forged: what publishers and servers wrote has its control characters escaped.
"""

from __future__ import annotations

import json
import logging
import re
import socket
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TextIO
from urllib.parse import quote

from monitor.model import Event, Secret

_BIDI = frozenset("\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_PATTERNS = (
    (re.compile(r"(?i)(://[^\s/@:]*:)[^\s/@]+@"), r"\1***@"),
    (re.compile(r"(?i)(hooks\.slack\.com/)[^\s\"'<>]+"), r"\1***"),
    (re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), "whsec_***"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}"), r"\1 ***"),
    (
        re.compile(
            r"(?i)([?&](?:access_?token|token|api_?key|key|auth|sig|signature|password|secret)=)[^&\s\"']+"
        ),
        r"\1***",
    ),
)
_QUIET_LIBRARIES = ("httpx", "httpcore")
"""They log whole URLs, tokens and all, at INFO (measured)."""


class Observer:
    """Hears every event.

    `format`: `text` (words), `logfmt` (key=value), `json`, `journal` (logfmt with the level in front
    as sd-daemon(3) has it), `auto` (text on a terminal, else logfmt). `secrets` never appear.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        format: str = "auto",  # noqa: A002 - the word of the command line
        level: str = "info",
        secrets: Iterable[Secret] = (),
    ) -> None:
        automatic = "text" if stream.isatty() else "logfmt"
        self._write = _FORMATS[automatic if format == "auto" else format]
        self._hidden: tuple[str, ...] = ()
        self._handler = _Handler(stream)
        self._handler.setLevel(level.upper())
        # A logger of its own, outside the process's tree: no library's settings reach it.
        self._logger = logging.Logger("monitor", level.upper())  # noqa: LOG001
        self._logger.addHandler(self._handler)
        self.hide(secrets)

    def hide(self, secrets: Iterable[Secret]) -> None:
        """Keep these out of every line from now on, with those that are hidden already."""
        words = {secret.value for secret in secrets if len(secret.value) >= 4}
        words |= {part for word in words if ":" in word for part in word.split(":") if len(part) >= 6}
        words |= {quote(word, safe="") for word in words}
        self._hidden = tuple(sorted(words | set(self._hidden), key=len, reverse=True))

    def tell(self, event: Event) -> None:
        """Write one event. Never raises for a stream that cannot be written."""
        level = level_of(event)
        if self._logger.isEnabledFor(level):
            values = {name: self._plain(value) for name, value in event.fields.items()}
            self._logger.log(level, "%s", self._write(event.at, level, event.kind, values))

    def listen(self) -> None:
        """Take in what libraries log: warnings and worse, redacted. Once a process; `close` ends it."""
        self._handler.setFormatter(_Foreign(self))
        logging.getLogger().addHandler(self._handler)
        logging.captureWarnings(True)
        for name in _QUIET_LIBRARIES:
            logging.getLogger(name).setLevel(logging.WARNING)

    def close(self) -> None:
        """Write no more of what libraries log."""
        logging.getLogger().removeHandler(self._handler)
        logging.captureWarnings(False)

    def redact(self, text: str) -> str:
        """Return a text without secrets, those we were told of and those that look so."""
        for word in self._hidden:
            text = text.replace(word, "***")
        for pattern, put in _PATTERNS:
            text = pattern.sub(put, text)
        return text

    def _plain(self, value: Any) -> Any:
        """Return a value as JSON has it, without secrets."""
        match value:
            case None | bool() | int() | float():
                return value
            case Enum():
                return self._plain(value.value)
            case datetime():
                return _stamp(value)
            case timedelta():
                return value.total_seconds()
            case Mapping():
                return {self._plain(str(k)): self._plain(v) for k, v in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._plain(part) for part in value]
            case Secret():
                return "***"
            case _ if is_dataclass(value) and not isinstance(value, type):
                return {f.name: self._plain(getattr(value, f.name)) for f in fields(value)}
            case _:
                return self.redact(str(value))


class _Handler(logging.StreamHandler[TextIO]):
    """A log that cannot be written (full disk, closed pipe) is no reason to stop."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Drop the line."""


class _Foreign(logging.Formatter):
    """Formats what libraries log in our way; our own records are finished lines."""

    def __init__(self, observer: Observer) -> None:
        super().__init__()
        self._observer = observer

    def format(self, record: logging.LogRecord) -> str:
        if record.name == "monitor":
            return record.getMessage()
        observer, at = self._observer, datetime.fromtimestamp(record.created, UTC)
        detail = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            detail = f"{detail}: {record.exc_info[1]!r}"
        values = {"logger": record.name, "detail": observer.redact(detail)}
        return observer._write(at, record.levelno, "library", values)


# levels and lines ─────────────────────────────────────────────────────────────────────────────


def level_of(event: Event) -> int:
    """Return how loud an event is: what asks for a person is a warning or worse, routine is quiet."""
    told = event.fields
    match event.kind:
        case "poll" | "push":
            if told.get("outcome") == "error":
                news = told.get("before") != told.get("status")
                return logging.WARNING if news else logging.INFO
            return logging.INFO if told.get("new") or told.get("revised") else logging.DEBUG
        case "delivery":
            loud = {"dead": logging.ERROR, "deferred": logging.WARNING}
            return loud.get(str(told.get("outcome")), logging.INFO)
        case "canary":
            return logging.DEBUG
        case "canary-overdue":
            return logging.ERROR
        case kind if kind.endswith(("-failed", "-refused")):
            return logging.ERROR
        case _:
            return logging.INFO


def _poll(told: Mapping[str, Any]) -> str:
    if told.get("outcome") == "error":
        return f"{told.get('feed')}: {told.get('reason')}: {told.get('detail')}"
    new, revised = told.get("new") or 0, told.get("revised") or 0
    what = ", ".join(f"{n} {name}" for n, name in ((new, "new"), (revised, "revised")) if n)
    return f"{told.get('feed')}: {what or 'nothing new'}"


def _push(told: Mapping[str, Any]) -> str:
    if told.get("outcome") == "ignored":
        return f"{told.get('feed')}: a push was ignored: {told.get('reason')}"
    return f"{_poll(told)}, pushed"


def _websub(told: Mapping[str, Any]) -> str:
    why = f": {told.get('detail')}" if told.get("detail") else ""
    return f"{told.get('feed')}: its hub {told.get('hub')}: {told.get('outcome')}{why}"


def _delivery(told: Mapping[str, Any]) -> str:
    why = f": {told.get('reason')} {told.get('detail') or ''}".rstrip(": ") if told.get("reason") else ""
    return f"{told.get('route')} → {told.get('channel')} ({told.get('recipient')}) {told.get('outcome')}{why}"


_SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "poll": _poll,
    "push": _push,
    "websub": _websub,
    "delivery": _delivery,
}


def _text(at: datetime, level: int, kind: str, values: Mapping[str, Any]) -> str:
    say = _SENTENCES.get(kind, _pairs)
    loud = "" if level <= logging.INFO else f"{logging.getLevelName(level).lower()}: "
    return f"{at.astimezone():%H:%M:%S}  {kind:9} {loud}{escaped(say(values))}"


def _logfmt(at: datetime, level: int, kind: str, values: Mapping[str, Any]) -> str:
    return (
        f"at={_stamp(at)} level={logging.getLevelName(level).lower()} event={kind} {_pairs(values)}".rstrip()
    )


def _journal(at: datetime, level: int, kind: str, values: Mapping[str, Any]) -> str:
    priority = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}.get(level, 2)
    return f"<{priority}>event={kind} {_pairs(values)}".rstrip()


def _json(at: datetime, level: int, kind: str, values: Mapping[str, Any]) -> str:
    line = {"at": _stamp(at), "level": logging.getLevelName(level).lower(), "event": kind, **values}
    return escaped(json.dumps(line, ensure_ascii=False), backslash="\\u{:04x}")


def _pairs(values: Mapping[str, Any]) -> str:
    return " ".join(
        f"{name}={_value(value)}" for name, value in values.items() if value not in (None, "", [])
    )


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and (not text or re.search(r"[\s\"=]", text)):
        text = json.dumps(text, ensure_ascii=False)
    return escaped(text)


def escaped(text: str, *, backslash: str = "\\u{:04x}") -> str:
    """Return a text in which nothing moves the cursor, ends the line or turns the reading direction."""
    return "".join(
        backslash.format(ord(c)) if unicodedata.category(c) in ("Cc", "Cs") or c in _BIDI else c for c in text
    )


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_FORMATS: dict[str, Callable[[datetime, int, str, Mapping[str, Any]], str]] = {
    "text": _text,
    "logfmt": _logfmt,
    "json": _json,
    "journal": _journal,
}


# systemd ──────────────────────────────────────────────────────────────────────────────────────


class Notifier:
    """Tells systemd how the service is: datagrams to `$NOTIFY_SOCKET` (sd_notify(3)).

    Without an address, or when nobody listens, it does nothing: the service goes on either way.
    `watchdog` is to be called only when work was completed, never by a timer: a daemon that is stuck
    must be restarted.
    """

    def __init__(self, address: str) -> None:
        # A leading @ stands for the abstract namespace (unix(7)).
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def ready(self, status: str = "") -> None:
        """Everything is up, or the reload is over."""
        self._send("READY=1", *self._status(status))

    def reloading(self) -> None:
        """A new config is being read."""
        self._send("RELOADING=1")

    def stopping(self) -> None:
        """No new work is taken."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Say in a sentence what goes on: `systemctl status` shows it."""
        self._send(*self._status(text))

    def watchdog(self) -> None:
        """Work was completed just now."""
        self._send("WATCHDOG=1")

    @staticmethod
    def _status(text: str) -> list[str]:
        return [f"STATUS={escaped(text)}"] if text else []

    def _send(self, *lines: str) -> None:
        if not self._address.startswith(("/", "\0")) or not lines:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
                door.setblocking(False)
                door.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            return  # the manager is gone or busy; it will ask for nothing that we could still do
