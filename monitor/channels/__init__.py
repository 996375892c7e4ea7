"""Channels: the ways out.

The file name of a member is the `type` in the config: `type: slack` is `channels/slack.py`.

To add one: write `channels/NAME.py` with `class Channel(channels.Channel)`, its `Options` (a frozen
dataclass: each field is a setting of the channel, its docstring the documentation) and a folder
`templates/NAME/`. It is at once in `monitor check`, in the schema, in docs/reference and under
`tests/contracts/test_channels.py`.

What members share: `_http` (the one door to HTTP receivers, through the guarded client, which refuses
private addresses, follows no redirect and keeps no cookie), `_chat` (messages for chat rooms in a form
that belongs to no service), `_pace` (so many a second), `_series` (one message as several posts),
`_mail` (bytes of a mail).
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from monitor.clock import Clock
from monitor.model import Delivery, Message, Recipient

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a channel may use. `folder` is the directory that relative paths in options are under.

    `pause` waits for some seconds (a receiver that takes one message a second); `note` hears the
    dialogue with the far side line by line, secrets starred: `monitor send-test` prints it.
    """

    http: httpx.AsyncClient
    clock: Clock
    folder: Path
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    note: Callable[[str], None] = lambda line: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What the receiver answered, and what it calls the message: by that name later ones follow it.

    `handle` is kept with the outcome, in one transaction, and comes back as `delivery.thread.handle`.
    """

    receipt: str
    handle: str = ""


class Channel(ABC):
    """One configured way out."""

    Options: ClassVar[type[Any]]
    """A frozen, keyword-only dataclass. Secrets have the type model.Secret."""

    parts: ClassVar[tuple[str, ...]]
    """The template parts a message for this channel needs: `html` is rendered from
    `templates/TYPE/KIND.html.j2` (KIND: digest, alert), `subject.txt` from `KIND.subject.txt.j2`.
    Every message has `subject.txt`."""

    def __init__(self, name: str, options: Any, tools: Tools) -> None:
        self.name, self.options, self.tools = name, options, tools

    @abstractmethod
    def recipients(self) -> tuple[Recipient, ...]:
        """Return who is reached. Each gets deliveries of its own: one bad address blocks no other.

        `address` goes to status pages, logs and delivery lists, so it is never a secret (a webhook
        with a token in its URL says its host).
        """

    @staticmethod
    def fits(part: str, text: str) -> bool:
        """Say whether a rendered part is small enough; where not, stories are shortened, then left out."""
        return True

    def prepare(self, message: Message) -> Message:
        """Make a rendered message fit the channel's limits, before it is frozen. Pure."""
        return message

    @abstractmethod
    async def send(self, delivery: Delivery) -> str | Posted:
        """Send one message to one recipient; return the receiver's answer in a word or two.

        Where `delivery.message.follows` names the first message about a story, this one goes into its
        thread; where that cannot be (its `handle` is not known), it goes out as a new one and says so.

        Raises DeliveryError, never anything else for what the far side does; no secret in it.
        Sending the same delivery twice must carry the same id both times.
        """
