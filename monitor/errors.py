"""What went wrong, and whose job it is.

    MonitorError
    ├── ConfigError      a file must be edited            exit 78 (EX_CONFIG)
    │   └── QueryError   … at this character
    ├── FetchError       a publisher did not answer
    ├── ParseError       a publisher sent something else
    ├── RenderError      a template must be edited
    ├── DeliveryError    a channel did not take it
    ├── RecordingError   recorded polls cannot be read or written
    └── StoreError       the database cannot be used      exit 69 (EX_UNAVAILABLE)

One class per reader of the error. The cause is a `reason`: one word that is also the metric's
label, the log's field and the word on the status page. Libraries' exceptions are translated
at their one door (`raise … from`). No message holds a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class MonitorError(Exception):
    """Base of all errors that this program knows by name. Anything else is a bug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing wrong in a config file, at a place one can jump to.

    `line` and `column` count from 1; 0 means the place is not known. `key` is the dotted path of
    the setting, `excerpt` the source line.
    """

    file: str = ""
    line: int = 0
    column: int = 0
    key: str = ""
    problem: str
    hint: str = ""
    excerpt: str = ""
    warning: bool = False

    def __str__(self) -> str:
        place = (
            f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: " if self.file else ""
        )
        kind = "warning" if self.warning else "error"
        text = f"{place}{kind}: {self.key + ': ' if self.key else ''}{self.problem}"
        if self.hint:
            text += f"; {self.hint}"
        if self.excerpt and self.column:
            text += f"\n  {self.line:>5} | {self.excerpt}\n        | {caret(self.excerpt, self.column)}"
        return text


def caret(line: str, column: int) -> str:
    """Return the padding and `^` that stand under character `column` (from 1) of `line`.

    Tabs are kept, so that the caret stays under its character in any terminal.
    """
    return "".join("\t" if c == "\t" else " " for c in line[: column - 1]) + "^"


class ConfigError(MonitorError):
    """One or more files must be edited; `mistakes` names every place."""

    def __init__(self, *mistakes: Mistake | str) -> None:
        self.mistakes = tuple(m if isinstance(m, Mistake) else Mistake(problem=m) for m in mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


class QueryError(ConfigError):
    """A query cannot be read: `problem` at character `offset` (from 0) of `query`."""

    def __init__(self, problem: str, *, query: str, offset: int, hint: str = "") -> None:
        self.problem, self.query, self.offset, self.hint = problem, query, offset, hint
        before = query[:offset]
        line = before.count("\n") + 1
        column = offset - (before.rfind("\n") + 1) + 1
        lines = query.splitlines() or [""]
        excerpt = lines[line - 1] if line <= len(lines) else ""
        super().__init__(
            Mistake(file="query", line=line, column=column, problem=problem, hint=hint, excerpt=excerpt)
        )


class FetchReason(StrEnum):
    """Why a publisher's document could not be had."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    HTTP_3XX = "http-3xx"
    HTTP_4XX = "http-4xx"
    HTTP_410 = "http-410"
    HTTP_429 = "http-429"
    HTTP_5XX = "http-5xx"
    TOO_LARGE = "too-large"
    REFUSED = "refused"
    """The address, scheme or redirect is one that we do not go to."""
    BLOCKED = "blocked"
    """The publisher keeps us out: 401, 403, a captcha or challenge page."""
    PROTOCOL = "protocol"
    """The answer is not HTTP, is cut short or is encoded in a way we do not read."""
    ROBOTS = "robots"
    """The publisher's robots.txt asks programs not to fetch this page (RFC 9309)."""
    MACHINE = "machine"
    """Our own machine has no room for another connection: not the publisher's failure."""


class FetchError(MonitorError):
    """A publisher did not answer as hoped. `retry_after` is what it asked us to wait."""

    def __init__(
        self,
        reason: FetchReason,
        message: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        self.reason, self.status, self.retry_after = reason, status, retry_after
        super().__init__(message)


class ParseReason(StrEnum):
    """Why a document is not a feed to us."""

    EMPTY = "empty"
    NOT_A_FEED = "not-a-feed"
    HTML = "html"
    BROKEN = "broken"
    TOO_COSTLY = "too-costly"
    """Parsing it took more time or memory than one document may."""
    NO_ARTICLE = "no-article"
    """A page without the text that was looked for: a wall, a front page, a film."""


class ParseError(MonitorError):
    """A publisher sent something that is not a readable feed. `denied`: it says that we are kept out."""

    def __init__(self, reason: ParseReason, message: str, *, denied: bool = False) -> None:
        self.reason, self.denied = reason, denied
        super().__init__(message)


class RenderError(MonitorError):
    """A template must be edited; `template` and `line` say where (line 0: not known)."""

    def __init__(self, message: str, *, template: str = "", line: int = 0) -> None:
        self.template, self.line = template, line
        super().__init__(f"{template}:{line}: {message}" if template else message)


class DeliveryReason(StrEnum):
    """Why a channel did not take a message."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    AUTH = "auth"
    RATE_LIMITED = "rate-limited"
    SERVER = "server"
    REJECTED = "rejected"
    GONE = "gone"
    REFUSED = "refused"
    """The address is one that we do not connect to."""
    DISK = "disk"
    UNKNOWN = "unknown"
    """The answer was lost: the message may have arrived (RFC 5321 §6.1)."""


class DeliveryError(MonitorError):
    """A channel did not take a message. `retryable` says whether trying again makes sense."""

    def __init__(
        self,
        reason: DeliveryReason,
        message: str,
        *,
        retryable: bool,
        retry_after: timedelta | None = None,
    ) -> None:
        self.reason, self.retryable, self.retry_after = reason, retryable, retry_after
        super().__init__(message)


class StoreError(MonitorError):
    """The database cannot be used."""


class RecordingError(MonitorError):
    """Recorded polls cannot be written, or an archive of them must be mended before it can be read."""
