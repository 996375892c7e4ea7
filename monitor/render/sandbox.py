"""Jinja2's sandbox, with a limit to what one expression may make.

Text of feeds is only ever the value of a variable and never read as a template. The sandbox is for
the templates themselves, which a desk may have from others: no attribute with an underscore, no
changing of values, no `'x' * 10**9`.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.filters import do_center
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST = 1_000_000
"""Characters or items that an expression may make; the greatest number that may be given to a call."""

_MOST_POWER = 1_000


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment for templates that are not trusted."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.globals.pop("lipsum")
        self.filters["center"] = _center

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Multiply, if the result is of a size that a message can have."""
        sizes = [len(one) for one in (left, right) if isinstance(one, Sized)]
        number = max((abs(one) for one in (left, right) if isinstance(one, int | float)), default=1)
        if (sizes and max(sizes) * number > MOST) or (operator == "**" and number > _MOST_POWER):
            raise SecurityError(f"{operator!r} would make more than a message can hold")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call something, but with no number that means a million of anything."""
        if any(isinstance(one, int) and one > MOST for one in (*args, *kwargs.values())):
            raise SecurityError(f"a number greater than {MOST:,} is given to a call")
        return super().call(context, obj, *args, **kwargs)


def _center(value: str, width: int = 80) -> str:
    return do_center(value, min(width, MOST))
