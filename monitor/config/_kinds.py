"""Kinds of values a desk writes: how each is read, what is said when it is wrong, how editors check it.

A kind goes into an annotation, `Annotated[timedelta, duration("1s", "10m")]`. It takes what YAML gave
(str, int, float, bool, None, list, dict) and returns our value or raises WrongError.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

from monitor.model import Secret

STRING: dict[str, Any] = {"type": "string"}
"""The JSON Schema of any text."""


class WrongError(ValueError):
    """What is wrong with a value, and what might be meant. Never repeats what may be a secret."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem, self.hint = problem, hint


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where secrets come from: the environment and the folder that `file:` paths are relative to."""

    environ: Mapping[str, str]
    folder: Path

    def resolve(self, text: str) -> str:
        """Return the secret that `env:NAME`, `file:PATH` or `credential:NAME` names. Raises WrongError."""
        scheme, _, name = text.partition(":")
        if scheme == "env":
            value = self.environ.get(name)
            if value is None:
                raise WrongError(f"the environment variable {name} is not set", near(name, self.environ))
            return _filled(value, f"the environment variable {name}")
        if scheme == "file":
            return self._read(self.folder / os.path.expanduser(name), f"the secret file {name}")
        folder = self.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            hint = f"systemd gives it from /etc/monitor/credentials/{name}"
            raise WrongError(f"there is no credential {name!r}: $CREDENTIALS_DIRECTORY is not set", hint)
        if "/" in name or name in ("", ".", ".."):
            raise WrongError(f"a credential has a plain name, not {name!r}")
        # A folder that is loaded whole, as monitor.service does, has its ID in front (systemd.exec(5)).
        whole = Path(folder) / f"monitor_{name}"
        return self._read(whole if whole.is_file() else Path(folder) / name, f"the credential {name!r}")

    def _read(self, path: Path, what: str) -> str:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a NUL in the name
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise WrongError(f"{what} cannot be read: {reason}") from error
        return _filled(text, what)


def _filled(value: str, what: str) -> str:
    value = value.rstrip("\r\n")
    if not value.strip():
        raise WrongError(f"{what} is empty")
    return value


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of value: how to read it, its JSON Schema, what it is called, how it is written."""

    read: Callable[[Any, Surroundings], Any]
    schema: Mapping[str, Any]
    name: str = "text"
    show: Callable[[Any], Any] = str

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        def validate(value: Any, info: ValidationInfo) -> Any:
            try:
                return self.read(value, info.context or Surroundings({}, Path()))
            except WrongError as error:
                said = {"problem": error.problem, "hint": error.hint}
                raise PydanticCustomError("monitor", "{problem}", said) from error

        return core_schema.with_info_plain_validator_function(
            validate, serialization=core_schema.plain_serializer_function_ser_schema(self.show)
        )

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema)


# words ────────────────────────────────────────────────────────────────────────────────────────


def named(value: Any) -> str:
    """Say what a value is, for a message: never the value of a text."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the word {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case _:
            return "a group of settings"


def near(word: str, words: Iterable[str], *, otherwise: bool = False) -> str:
    """Return "did you mean 'x'?" for the nearest of `words`; or, if asked, what there is."""
    known = sorted(words)
    folded = {w.casefold(): w for w in reversed(known)}
    if found := get_close_matches(word.casefold(), folded, 1, 0.6):
        return f"did you mean {folded[found[0]]!r}?"
    if otherwise and known:
        shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
        return f"there are: {shown}"
    return ""


def text(value: Any, _: Surroundings | None = None) -> str:
    """Read a text that is not empty."""
    if isinstance(value, (int, float)):
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        raise WrongError(f"must be text, not {named(value)}", f'in quotes it is text: "{shown}"')
    if not isinstance(value, str):
        raise WrongError(f"must be text, not {named(value)}")
    if not value.strip():
        raise WrongError("must not be empty")
    return value


def flag(value: Any, _: Surroundings | None = None) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    meant = "true" if word in ("yes", "y", "on", "1") else "false" if word in ("no", "n", "off", "0") else ""
    raise WrongError(f"must be true or false, not {named(value)}", f"did you mean {meant}?" if meant else "")


def whole(low: int, high: int) -> Kind:
    """Return the kind of whole numbers between `low` and `high`."""

    def read(value: Any, _: Surroundings) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise WrongError(f"must be a whole number, not {named(value)}")
        if not low <= value <= high:
            raise WrongError(f"must be between {low:,} and {high:,}, not {value:,}")
        return value

    return Kind(read, {"type": "integer", "minimum": low, "maximum": high}, "number", int)


# secrets and names ─────────────────────────────────────────────────────────────────────────────

REFERENCE = re.compile(r"(?:env|file|credential):.+")


def secret(value: Any, around: Surroundings) -> Secret:
    """Read a secret: `env:NAME`, `file:PATH`, `credential:NAME`. Plain text is taken, and warned about."""
    given = value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
    if not given.strip() or isinstance(value, bool):
        raise WrongError("must be a secret", "write env:NAME, file:PATH or credential:NAME")
    return Secret(around.resolve(given) if REFERENCE.fullmatch(given) else given)


def text_or_secret(value: Any, around: Surroundings) -> str | Secret:
    """Read a text, or a secret if it is written as one."""
    if isinstance(value, str) and REFERENCE.fullmatch(value):
        return secret(value, around)
    return text(value)


def identifier(value: Any, _: Surroundings | None = None) -> str:
    """Read the name of a topic, channel, entity or group. Raises WrongError."""
    name = text(value)
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", name):
        raise WrongError(f"{name!r} cannot be a name", "letters a-z, digits, '-' and '_', at most 64")
    return name


_SECRET = {"type": "string", "description": "env:NAME, file:PATH or credential:NAME"}

Text = Annotated[str, Kind(text, STRING | {"minLength": 1})]
AnyText = Annotated[str, Kind(lambda value, _: "" if value == "" else text(value), STRING)]
Flag = Annotated[bool, Kind(flag, {"type": "boolean"}, "true or false", bool)]
SecretText = Annotated[Secret, Kind(secret, _SECRET, "secret")]
TextOrSecret = Annotated[str | Secret, Kind(text_or_secret, STRING, "text or secret")]
Identifier = Annotated[
    str, Kind(identifier, STRING | {"pattern": "^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$"}, "name")
]
PathText = Annotated[Path, Kind(lambda value, _: Path(text(value)), STRING, "path")]
