"""Slack's Web API for a bot: say, edit, find what was said before (https://docs.slack.dev/reference/methods).

Each message carries its key and its story in `metadata`. What this process said it remembers; what it
did not, it looks for in the room's history, if the bot may read it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from monitor.channels import _http
from monitor.channels._room import as_json
from monitor.clock import Clock
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Secret

_EVENT = "monitor_message"
_BACK = timedelta(days=7)
"""How far back the history is read: longer than any try of a delivery, and than most stories live."""
_PAGES = 5
_PAGE = 30
"""Messages a page: with 13,000 characters each they stay under what the client reads."""
_FRESH = 60.0
"""Seconds for which what the history said holds."""
_REMEMBERED = 5_000
_READ = 900_000

_AUTH = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
"""Errors that somebody must set right in Slack or in the config."""
_GONE = frozenset({"is_archived", "channel_not_found"})
_AGAIN = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"}
)
_HINTS = {
    "not_in_channel": "invite the bot to the channel: /invite @NAME",
    "channel_not_found": "room must be the channel's ID, and a private channel must have the bot as a member",
    "missing_scope": "give the app the scope that is named, and install it again",
}


class Bot:
    """One bot in one room. Timestamps (`ts`) are Slack's names of messages."""

    def __init__(self, door: _http.Door, server: str, token: Secret, room: str, clock: Clock) -> None:
        self._door, self._server, self._room, self._clock = door, server, room, clock
        self._headers = _http.bearer(token, "token")
        self._keys: OrderedDict[str, str] = OrderedDict()
        self._stories: OrderedDict[str, tuple[str, str]] = OrderedDict()
        """Story → the ts of the first message about it, and that message's key."""
        self._read_at = float("-inf")
        self._blind = False

    async def say(self, post: dict[str, Any], *, key: str, root: str, story: str, again: bool) -> str:
        """Post under `root` (a ts; empty: in the room); return the new message's ts.

        With `again` a message of this key that the room has already is the answer. Raises DeliveryError.
        """
        if again and key not in self._keys:
            self._read_at = float("-inf")
            await self._look(root)
        if again and key in self._keys:
            return self._keys[key]
        body = {
            **post,
            "channel": self._room,
            "metadata": {"event_type": _EVENT, "event_payload": {"key": key, "story": story}},
        }
        if root:
            body["thread_ts"] = root
        said = await self._call("chat.postMessage", body)
        ts = str(said.get("ts", ""))
        self._remember(ts, key, story if not root else "")
        return ts

    async def edit(self, ts: str, post: dict[str, Any]) -> str:
        """Replace a message; return its ts. Raises DeliveryError."""
        kept = {name: value for name, value in post.items() if name in ("text", "blocks")}
        await self._call("chat.update", {**kept, "channel": self._room, "ts": ts})
        return ts

    async def find(self, story: str, message: str) -> str:
        """Return the ts of the first message about a story; empty if that is of `message` itself."""
        if story not in self._stories:
            await self._look("")
        ts, key = self._stories.get(story, ("", ""))
        return "" if key.rpartition("/")[0] == message else ts

    async def _look(self, root: str) -> None:
        """Read what the room was told lately, and under `root`. Without the right to, go on blind."""
        now = asyncio.get_running_loop().time()
        if self._blind or (not root and now - self._read_at < _FRESH):
            return
        try:
            if now - self._read_at >= _FRESH:
                await self._history("conversations.history", {})
                self._read_at = now
            if root:
                await self._history("conversations.replies", {"ts": root})
        except DeliveryError as error:
            if error.retryable:
                raise
            self._blind = True

    async def _history(self, method: str, more: dict[str, str]) -> None:
        oldest = self._clock.now() - _BACK
        asked = {
            "channel": self._room,
            "oldest": f"{oldest.timestamp():.6f}",
            "limit": str(_PAGE),
            "include_all_metadata": "true",
            **more,
        }
        for _ in range(_PAGES):
            told = await self._call(method, asked, form=True)
            for ts, payload, in_thread in _ours(told.get("messages")):
                story = payload.get("story")
                self._remember(ts, str(payload.get("key", "")), "" if in_thread else str(story or ""))
            cursor = told.get("response_metadata", {})
            cursor = cursor.get("next_cursor") if isinstance(cursor, dict) else None
            if not cursor:
                return
            asked["cursor"] = str(cursor)

    def _remember(self, ts: str, key: str, story: str) -> None:
        if not key or not ts.replace(".", "", 1).isdigit():
            return
        self._keys[key] = ts
        if story and (story not in self._stories or float(ts) < float(self._stories[story][0])):
            self._stories[story] = (ts, key)
        for memory in (self._keys, self._stories):
            while len(memory) > _REMEMBERED:
                memory.popitem(last=False)

    async def _call(self, method: str, body: dict[str, Any], *, form: bool = False) -> dict[str, Any]:
        """Call a method; return its answer. Raises DeliveryError, also for `ok: false` with its 200."""
        url = f"{self._server}/api/{method}"
        kind = "application/x-www-form-urlencoded" if form else "application/json; charset=utf-8"
        raw = urlencode(body).encode() if form else as_json(body)
        reply = await self._door.post(url, raw, {**self._headers, "Content-Type": kind}, read=_READ)
        told = reply.json()
        if told.get("ok") is True:
            return told
        raise self._refused(method, str(told.get("error") or "no answer that can be read"), told)

    def _refused(self, method: str, word: str, told: dict[str, Any]) -> DeliveryError:
        if word in ("ratelimited", "rate_limited"):
            reason, again = DeliveryReason.RATE_LIMITED, True
        elif word in _AGAIN:
            reason, again = DeliveryReason.SERVER, True
        elif not told:  # a 200 all the same: it may be there
            reason, again = DeliveryReason.UNKNOWN, True
        elif word in _AUTH:
            reason, again = DeliveryReason.AUTH, False
        else:
            reason, again = (DeliveryReason.GONE if word in _GONE else DeliveryReason.REJECTED), False
        words = f"{_http.host(self._server)}: {method}: {self._door.said(word, 80)}"
        if needed := told.get("needed"):
            words += f" ({self._door.said(str(needed), 80)})"
        messages = told.get("response_metadata")
        if isinstance(messages, dict) and messages.get("messages"):
            words += f" {self._door.said(str(messages['messages']), 160)}"
        hint = f"; {_HINTS[word]}" if word in _HINTS else ""
        return DeliveryError(reason, words + hint, retryable=again)


def _ours(messages: Any) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield ts, payload and whether it is a reply, of those messages that monitor sent."""
    for message in messages if isinstance(messages, list) else ():
        metadata = message.get("metadata") if isinstance(message, dict) else None
        if not isinstance(metadata, dict) or metadata.get("event_type") != _EVENT:
            continue
        payload = metadata.get("event_payload")
        ts = str(message.get("ts", ""))
        if isinstance(payload, dict):
            yield ts, payload, message.get("thread_ts", ts) != ts
