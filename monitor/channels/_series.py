"""One message that goes out as several posts, because a receiver's messages are shorter than ours."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from monitor.errors import DeliveryError

T = TypeVar("T")
R = TypeVar("R")

_REMEMBERED = 1_000
"""Messages under way whose posts are remembered."""


class Series(Generic[R]):
    """How far the posts of each message have come.

    When the third of four posts fails, the next try begins with the third. This is known as long as
    the process lives; after a crash the posts that had gone out go out again.
    """

    def __init__(self) -> None:
        self._through: OrderedDict[str, list[R]] = OrderedDict()

    async def send(
        self, identity: str, posts: Sequence[T], send: Callable[[T, Sequence[R]], Awaitable[R]]
    ) -> list[R]:
        """Send the posts in order; return their receipts. `send` is given a post and the receipts so far.

        Raises DeliveryError of the first that fails, saying which it was.
        """
        through = self._through.pop(identity, [])
        for number, post in enumerate(posts[len(through) :], len(through) + 1):
            try:
                through.append(await send(post, through))
            except DeliveryError as error:
                self._keep(identity, through)
                if len(posts) == 1:
                    raise
                raise DeliveryError(
                    error.reason,
                    f"part {number} of {len(posts)}: {error}",
                    retryable=error.retryable,
                    retry_after=error.retry_after,
                ) from error
            except BaseException:
                self._keep(identity, through)
                raise
        return through

    def _keep(self, identity: str, through: list[R]) -> None:
        if through:
            self._through[identity] = through
            while len(self._through) > _REMEMBERED:
                self._through.popitem(last=False)
