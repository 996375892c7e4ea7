"""The options of a channel: its `Options` dataclass, made into a form that reads YAML.

A channel writes plain types (`timedelta`, `Secret`, `tuple[str | Recipient, ...]`); here each becomes
the kind a desk writes (`30s`, `env:NAME`, a list of addresses). Docstrings under the fields are the
documentation.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import time, timedelta
from enum import Enum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, Field, create_model

from monitor.config import _forms as forms
from monitor.config import _kinds as kinds
from monitor.config import _places as places
from monitor.config import _times as times
from monitor.errors import ConfigError
from monitor.model import Recipient, Secret

_KINDS: dict[Any, Any] = {
    str: kinds.AnyText,
    bool: kinds.Flag,
    int: Annotated[int, kinds.whole(-(2**31), 2**31 - 1)],
    float: float,
    Path: kinds.PathText,
    timedelta: Annotated[timedelta, times.duration("0s", "3650d")],
    time: times.LocalTime,
    Secret: kinds.SecretText,
    Recipient: places.Person,
}

_NAMED = {"language": places.Language, "timezone": places.Zone}
"""Texts that mean the same in every channel."""


@cache
def form_of(options: Any) -> type[forms.Form]:
    """Return the form for a channel's Options. Raises ConfigError for a type that YAML cannot give."""
    try:
        hints = get_type_hints(options)
    except NameError as error:
        raise ConfigError(f"{options.__module__}.{options.__qualname__}: {error}") from error
    documentation = docstrings(options)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(options):
        default: Any = ...
        if field.default is not dataclasses.MISSING:
            default = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        described = Field(default, description=documentation.get(field.name))
        where = f"{options.__qualname__}.{field.name}"
        by_name = _NAMED.get(field.name) if hints[field.name] is str else None
        fields[field.name] = (by_name or _kind(hints[field.name], where), described)
    made: type[forms.Form] = create_model(
        f"{options.__module__.rpartition('.')[2].title()}Options",
        __base__=forms.Form,
        __doc__=inspect.getdoc(options) or "",
        **fields,
    )
    return made


def _kind(hint: Any, where: str) -> Any:
    """Return the annotation that reads what `hint` wants."""
    if hint in _KINDS:
        return _KINDS[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        rest = frozenset(a for a in arguments if a is not type(None))
        both: Any = None
        if len(rest) == 1:
            both = _kind(next(iter(rest)), where)
        elif rest == {str, Recipient}:
            both = places.Person
        elif rest == {str, Secret}:
            both = kinds.TextOrSecret
        if both is not None:
            return both | None if type(None) in arguments else both
    if origin in (tuple, list, Sequence) and arguments:
        many = types.GenericAlias(tuple, (_kind(arguments[0], where), ...))
        return Annotated[many, forms.Many]
    if origin in (dict, Mapping) and arguments:
        key, value = (_kind(argument, where) for argument in arguments)
        return types.GenericAlias(dict, (key, value))
    if origin is Literal and all(isinstance(word, str) for word in arguments):
        return Annotated[str, forms.one_of(*arguments)]
    if origin is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        return hint
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return Annotated[form_of(hint), AfterValidator(_maker(hint))]
    raise ConfigError(f"{where}: a setting cannot have the type {hint}")


def _maker(options: type[Any]) -> Callable[[forms.Form], Any]:
    """Return what makes a group of settings (a dataclass in Options) of its form."""

    def make(form: forms.Form) -> Any:
        return options(**form.values())

    return make


@cache
def docstrings(options: Any) -> dict[str, str]:
    """Return the string that stands under each field of a class, by field."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(options)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = tree.body[0].body if tree.body and isinstance(tree.body[0], ast.ClassDef) else []
    found: dict[str, str] = {}
    for before, after in pairwise(body):
        if (
            isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            found[before.target.id] = " ".join(after.value.value.split())
    return found
