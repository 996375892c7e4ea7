"""One conversation with a mail server: the door to aiosmtplib, with what was said noted.

The message and its final dot go out in one piece, after the server said 354. Until then nothing can
have arrived; from then on, no answer means that it may have (RFC 5321 §6.1).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import aiosmtplib
from aiosmtplib.protocol import PERIOD_REGEX, normalize_message_line_endings
from aiosmtplib.typing import SMTPStatus

from monitor.channels._text import one_line, starred
from monitor.model import Secret

ANSWER_FACTOR = 2
"""The answer to the final dot is waited for so many times longer: the server is delivering meanwhile, and
who gives up too early makes it arrive twice (RFC 5321 §4.5.3.2.6, RFC 1047)."""


class Conversation(aiosmtplib.SMTP):
    """A connection for one mail. `note` hears each line, `>` ours, `<` the server's, without secrets."""

    def __init__(
        self,
        *,
        scheme: str,
        host: str,
        port: int,
        timeout: float,
        tls: ssl.SSLContext | None,
        local_name: str,
        note: Callable[[str], None],
        secrets: Iterable[Secret | None],
    ) -> None:
        super().__init__(
            hostname=host,
            port=port,
            timeout=timeout,
            use_tls=scheme == "smtps",
            start_tls=False,
            tls_context=tls,
            local_hostname=local_name,
        )
        self._seconds = timeout
        self._upgrade = scheme == "smtp+starttls"
        self._hidden = tuple(secrets)
        self._hear = note
        self._silent = False

    async def greet(self) -> None:
        """Connect, encrypt if that is wanted, and learn what the server can. Raises aiosmtplib's errors."""
        greeting = await self.connect()
        self._note(f"< {greeting.code} {greeting.message}")
        if self._upgrade:
            await self.starttls()
            self._note("> STARTTLS")
            self._note("< (encrypted)")
        if self.is_ehlo_or_helo_needed:
            try:
                await self.ehlo()
            except aiosmtplib.SMTPHeloError:
                await self.helo()

    async def hand_over(self, message: bytes, begun: Callable[[], None]) -> aiosmtplib.SMTPResponse:
        """Send DATA, the message and the dot; return the answer.

        `begun` is called once they are on their way. Raises SMTPDataError if the server refuses, else
        aiosmtplib's errors for what happens on the way.
        """
        ready = await self.execute_command(b"DATA")
        if ready.code != SMTPStatus.start_input or self.protocol is None:
            raise aiosmtplib.SMTPDataError(ready.code, ready.message)
        text = PERIOD_REGEX.sub(b"..", normalize_message_line_endings(message))
        self.protocol.write(text + b".\r\n")
        begun()
        self._note(f"> ({len(message):,} bytes)")
        self._note("> .")
        answer = await self.protocol.read_response(timeout=self._seconds * ANSWER_FACTOR)
        self._note(f"< {answer.code} {answer.message}")
        if answer.code != SMTPStatus.completed:
            raise aiosmtplib.SMTPDataError(answer.code, answer.message)
        return answer

    async def log_in(self, username: str, password: str) -> None:
        """Log in by what the server offers. Of what we say only the method is noted."""
        self._silent = True
        try:
            await self.login(username, password)
        finally:
            self._silent = False

    async def execute_command(
        self,
        *args: bytes,
        timeout: Any = None,  # noqa: ASYNC109 (the library's)
    ) -> aiosmtplib.SMTPResponse:
        """Send a command, noting it and its answer."""
        words = b" ".join(args).decode("ascii", "replace")
        if self._silent:
            words = f"{' '.join(words.split()[:2])} ***" if words.startswith("AUTH ") else "***"
        self._note(f"> {words}")
        seconds = self._seconds if timeout is None else timeout
        answer = await super().execute_command(*args, timeout=seconds)
        for line in answer.message.splitlines() or [""]:
            self._note(f"< {answer.code} {line}")
        return answer

    def _note(self, line: str) -> None:
        self._hear(starred(one_line(line), self._hidden))
