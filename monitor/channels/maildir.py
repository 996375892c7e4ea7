"""Maildir: each message as a mail in a folder that mail programs and IMAP servers read. Needs no server.

A mail is written into `tmp`, synced, and moved to `new` (https://cr.yp.to/proto/maildir.html), so it is
there whole or not at all, also after the power went. Its file name comes from its identity: the same
message twice is one mail, also when it has been read meanwhile and stands in `cur`.
"""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import dataclass
from email.utils import parseaddr
from hashlib import blake2b
from pathlib import Path

from monitor import channels
from monitor.channels import Tools, _mail
from monitor.errors import ConfigError, DeliveryError, DeliveryReason
from monitor.model import Delivery, Message, Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildirOptions:
    """Settings of a `type: maildir` channel."""

    folder: str
    """The Maildir; a relative path is beside the store. Made if it is not there."""
    to: str = "desk@localhost"
    """The address in `To:`."""
    sender: str = "monitor@localhost"
    """Also `Name <address>`. Its domain is in the Message-ID."""
    subject_prefix: str = ""
    """Put before each subject."""
    language: str = ""
    """Of the messages; empty: the route's."""
    timezone: str = ""
    """Of the times in them; empty: the route's."""


class Channel(channels.Channel):
    """One Maildir."""

    Options = MaildirOptions
    parts = ("subject.txt", "html", "txt")

    def __init__(self, name: str, options: MaildirOptions, tools: Tools) -> None:
        """Raises ConfigError if an address is none."""
        super().__init__(name, options, tools)
        self.folder = tools.folder / Path(options.folder)
        for key, text in (("to", options.to), ("sender", options.sender)):
            address = parseaddr(text)[1]
            if "@" not in address or not address.isascii() or " " in address or not text.isprintable():
                raise ConfigError(f"{key}: is not a mail address")
        self._sender = _mail.Sender(sender=options.sender, subject_prefix=options.subject_prefix)

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the folder as the config names it."""
        return (
            Recipient(
                address=self.options.folder, language=self.options.language, timezone=self.options.timezone
            ),
        )

    async def send(self, delivery: Delivery) -> str:
        """Write the mail; return its file's name. Raises DeliveryError: disks get emptied, so try again."""
        message = delivery.message
        raw = _mail.mail(
            message, self._sender, to=parseaddr(self.options.to)[1], date=message.slot, eight_bit=True
        )
        try:
            return await asyncio.to_thread(self._write, message, raw.replace(b"\r\n", b"\n"))
        except OSError as error:
            what = error.strerror or errno.errorcode.get(error.errno or 0, type(error).__name__)
            raise DeliveryError(
                DeliveryReason.DISK, f"{self.options.folder}: {what}", retryable=True
            ) from error

    def _write(self, message: Message, raw: bytes) -> str:
        for folder in ("tmp", "new", "cur"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        name = file_name(message)
        if any((self.folder / "cur").glob(f"{name}*")):
            return name  # it was read already
        part = self.folder / "tmp" / f"{name}.{os.getpid()}"
        try:
            with part.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / "new" / name)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        new = os.open(self.folder / "new", os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(new)  # or the name could be gone after a power cut
        finally:
            os.close(new)
        return name


def file_name(message: Message) -> str:
    """Return the mail's file name: the slot's second, and what is the message's own."""
    own = blake2b(message.id.encode("utf-8", "replace"), digest_size=10).hexdigest()
    return f"{int(message.slot.timestamp())}.M{own}.monitor"
