"""What must hold between the items of a config: names that lead somewhere, limits that fit together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from importlib.util import find_spec
from urllib.parse import urlsplit

from monitor import registry
from monitor.config import _kinds as kinds
from monitor.config import _places as places
from monitor.config import _times as times
from monitor.config._forms import (
    FeedForm,
    HeartbeatForm,
    KeepForm,
    NetworkForm,
    PollForm,
    RouteForm,
    SettingsForm,
    StateForm,
    WebForm,
)
from monitor.config._items import Item, Items
from monitor.config._value import SafeUrl
from monitor.errors import Mistake, QueryError
from monitor.match import check_query
from monitor.model import Secret

_LEAST = timedelta(seconds=60)
"""The politeness floor: no publisher is asked more often than once a minute."""

_OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "te", "upgrade",
                   "accept-encoding", "if-none-match", "if-modified-since", "range"})  # fmt: skip
"""Request headers that the fetcher sets itself, because it must understand the answer."""

_WEB = ("starlette", "uvicorn", "prometheus_client")
"""What serves the status page: an extra."""

_TELLING = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token"})


def cross_check(items: Items, groups: Mapping[str, tuple[str, ...]], *, main: str) -> Iterator[Mistake]:
    """Compare everything with everything. Items that are wrong in themselves are passed over."""
    yield from _feeds(items)
    yield from _limits(items)
    yield from _network(items)
    yield from _web(items)
    yield from _heartbeat(items)
    yield from _websub(items)
    yield from _names(items, groups)
    yield from _queries(items, groups)
    yield from _routes(items)
    if items.complete:
        yield from _left_over(items, main)


# feeds and limits ─────────────────────────────────────────────────────────────────────────────


def _feeds(items: Items) -> Iterator[Mistake]:
    seen: dict[str, Item] = {}
    for item in items.feeds:
        form = item.form
        if not isinstance(form, FeedForm):
            continue
        name = canonical(form.url)
        if first := seen.get(name):
            yield item.mistake(("url",), f"this feed is listed twice, first in {first.where}")
        seen.setdefault(name, item)
        if form.every is not None and form.every < _LEAST and not _is_loopback(form):
            yield item.mistake(("every",), "must be at least 60s: this publisher is not on this machine")
        for header, value in form.headers.items():
            yield from _header(item, header, value)
        yield from _auth(item, form)
        yield from _proxy(item, form.proxy)
        if form.fulltext and not registry.installed("trafilatura", "protego"):
            text = "needs trafilatura and protego, which are not installed"
            yield item.mistake(("fulltext",), text, "run pip install 'monitor-daemon[fulltext]'")


def canonical(url: str) -> str:
    """Return a URL so that two spellings of one address are equal (RFC 3986 §6.2.2–6.2.3)."""
    parts = urlsplit(url)
    port = parts.port if parts.port != {"http": 80, "https": 443}.get(parts.scheme.lower()) else None
    host = (parts.hostname or "").rstrip(".") + (f":{port}" if port else "")
    return parts._replace(
        scheme=parts.scheme.lower(), netloc=host, path=parts.path or "/", fragment=""
    ).geturl()


def _is_loopback(form: FeedForm) -> bool:
    return places.is_loopback(urlsplit(form.url).hostname or "")


def _header(item: Item, header: str, value: str | Secret) -> Iterator[Mistake]:
    path = ("headers", header)
    text = value.value if isinstance(value, Secret) else value
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", header):
        yield item.mistake(path, f"{header!r} cannot be the name of a header (RFC 9110 §5.1)", at_key=True)
    elif header.lower() in _OURS:
        yield item.mistake(path, f"the header {header!r} is set by monitor itself", at_key=True)
    elif not re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", text):
        yield item.mistake(path, "a header's value is one line of Latin letters (RFC 9110 §5.5)")
    elif header.lower() in _TELLING and not isinstance(value, Secret):
        text = "a secret in plain text; write env:NAME, file:PATH or credential:NAME"
        yield item.mistake(path, text, warning=True)


def _auth(item: Item, form: FeedForm) -> Iterator[Mistake]:
    if form.auth is None:
        return
    if ":" not in form.auth.value:
        yield item.mistake(("auth",), "must be user:password")
    given = item.node.plain().get("auth")
    if not kinds.REFERENCE.fullmatch(str(given)):
        text = "a secret in plain text; write env:NAME, file:PATH or credential:NAME"
        yield item.mistake(("auth",), text, warning=True)


def _proxy(item: Item, proxy: str | Secret | None) -> Iterator[Mistake]:
    if proxy is None:
        return
    address = proxy.value if isinstance(proxy, Secret) else proxy
    try:
        places.address(address)
    except kinds.WrongError as error:
        yield item.mistake(("proxy",), error.problem, error.hint if not isinstance(proxy, Secret) else "")
        return
    if isinstance(proxy, str) and SafeUrl(proxy).shown != proxy:
        text = "the password stands in the file; write env:NAME, file:PATH or credential:NAME"
        yield item.mistake(("proxy",), text, warning=True)


def _limits(items: Items) -> Iterator[Mistake]:
    poll, keep = items.groups["poll"], items.groups["keep"]
    if isinstance(form := poll.form, PollForm) and not poll.wrong:
        everywhere_local = bool(items.feeds) and all(
            isinstance(f.form, FeedForm) and _is_loopback(f.form) for f in items.feeds
        )
        if form.minimum < _LEAST and not everywhere_local:
            problem = "must be at least 60s: not every feed is on a loopback address"
            yield poll.mistake(("minimum",), problem)
        elif form.maximum < form.minimum:
            yield poll.mistake(_set(poll, "maximum", "minimum"), "the maximum is less than the minimum")
        elif not form.minimum <= form.every <= form.maximum:
            span = f"{times.show_duration(form.minimum)} and {times.show_duration(form.maximum)}"
            found = f"every ({times.show_duration(form.every)})"
            where = _set(poll, "every", "minimum", "maximum")
            yield poll.mistake(where, f"{found} must be between minimum and maximum, {span}", "set all three")
    if isinstance(form := keep.form, KeepForm) and not keep.wrong and form.bodies > form.entries:
        problem = f"bodies ({times.show_duration(form.bodies)}) cannot be kept longer than entries"
        yield keep.mistake(
            _set(keep, "bodies", "entries"), f"{problem} ({times.show_duration(form.entries)})"
        )


def _set(item: Item, *names: str) -> tuple[str, ...]:
    """Return the first of some settings that the desk wrote itself."""
    return next(((name,) for name in names if name in item.written), ())


def _network(items: Items) -> Iterator[Mistake]:
    item = items.groups["network"]
    if not isinstance(form := item.form, NetworkForm):
        return
    yield from _proxy(item, form.proxy)
    written = _set(item, "contact")
    host = re.sub(r"^[a-z]+:(//)?|/.*$", "", form.contact or "").rpartition("@")[2].lower()
    if any(
        host == name or host.endswith("." + name) for name in ("example.org", "example.com", "example.net")
    ):
        text = "this is an example: write your own page or address, so that publishers can reach you"
        yield item.mistake(written, text, warning=True)


def _web(items: Items) -> Iterator[Mistake]:
    item = items.groups["web"]
    if not isinstance(form := item.form, WebForm):
        return
    if form.password is not None and not kinds.REFERENCE.fullmatch(str(item.node.plain().get("password"))):
        text = "a secret in plain text; write env:NAME, file:PATH or credential:NAME"
        yield item.mistake(("password",), text, warning=True)
    if form.listen is None:
        for name in _set(item, "password", "public_url"):
            if "listen" not in item.wrong:
                yield item.mistake((name,), "is of no use without `listen`", warning=True)
        return
    host = form.listen[0]
    if not places.is_loopback(host) and form.password is None and "password" not in item.wrong:
        problem = f"{host} can be reached by others, so the page needs a password"
        yield item.mistake(("listen",), problem, "write password: env:NAME, or listen: 127.0.0.1:8080")
    if missing := [name for name in _WEB if find_spec(name) is None]:
        problem = f"the status page needs {' and '.join(missing)}, not installed here"
        yield item.mistake(("listen",), problem, "pip install 'monitor-daemon[web]'")


def _heartbeat(items: Items) -> Iterator[Mistake]:
    item = items.groups["heartbeat"]
    if isinstance(form := item.form, HeartbeatForm) and form.url is None and "url" not in item.wrong:
        for name in _set(item, "every"):
            yield item.mistake((name,), "is of no use without `url`", warning=True)


def _websub(items: Items) -> Iterator[Mistake]:
    """Check that hubs can call back: over https, so that nobody on the way learns where and what."""
    top, web = items.settings, items.groups["web"].form
    if top is None or not isinstance(top.form, SettingsForm) or not isinstance(web, WebForm):
        return
    if not top.form.websub or items.groups["web"].wrong:
        return
    hint = "write web: {listen: 127.0.0.1:8080, public_url: https://monitor.example.org}"
    for name in ("listen", "public_url"):
        if getattr(web, name) is None:
            yield top.mistake(("websub",), f"hubs call back, which needs web.{name}", hint)
            return
    address = urlsplit(web.public_url or "")
    if address.scheme != "https" and not places.is_loopback(address.hostname or ""):
        yield top.mistake(("websub",), "hubs call back at web.public_url, which must begin with https", hint)


# names ────────────────────────────────────────────────────────────────────────────────────────


def _names(items: Items, groups: Mapping[str, tuple[str, ...]]) -> Iterator[Mistake]:
    entities, look_alikes = items.named["entities"], items.named["look_alikes"]
    taken: dict[str, Item] = {}
    for section in (entities, look_alikes, items.named["groups"]):
        for name, item in section.items():
            if first := taken.get(name):
                text = f"the name @{name} is taken by {first.key} in {first.where}"
                yield item.mistake((), text)
            taken.setdefault(name, item)
    for item in entities.values():
        words = ("names", "forms", "typos", "unseen")
        if item.form is not None and not any(item.written[w].node.value for w in words if w in item.written):
            yield item.mistake((), "has no names: nothing can be found", "write names: {en: [Name]}")
    for item in look_alikes.values():
        if item.form is not None and not item.wrong and not any(item.form.claims.values()):
            yield item.mistake((), "claims nothing", "write claims: {en: [Trump Tower]}")
    if items.complete:
        for item in entities.values():
            if item.form is not None:
                yield from _unknown(item, ("within",), item.form.within, entities, "entity")
                same = (item.form.same_as,) if item.form.same_as else ()
                yield from _unknown(item, ("same_as",), same, entities, "entity")
        for name, members in groups.items():
            yield from _unknown(
                items.named["groups"][name], (), members, {**entities, **look_alikes}, "entity"
            )


def _unknown(
    item: Item, path: tuple[int | str, ...], wanted: Iterable[str], known: Iterable[str], what: str
) -> Iterator[Mistake]:
    names = tuple(known)
    for number, name in enumerate(wanted):
        if name not in names:
            hint = kinds.near(name, names, otherwise=True)
            in_list = isinstance(item.node.value_at(path), list)
            place = (*path, number) if in_list else path
            mistake = item.node.mistake(place, _key(item, path), f"there is no {what} {name!r}", hint)
            yield mistake


def _key(item: Item, path: tuple[int | str, ...]) -> str:
    return ".".join((item.key, *map(str, path)))


def _queries(items: Items, groups: Mapping[str, tuple[str, ...]]) -> Iterator[Mistake]:
    if not items.complete:
        return
    known = (*items.named["entities"], *items.named["look_alikes"])
    for topic in items.named["topics"].values():
        states = topic.inner.get("states", {})
        asked = [(item, "query") for item in (topic, *states.values())]
        for item, setting in (*asked, (topic, "states_unless")):
            if item.form is None or setting in item.wrong or not (query := getattr(item.form, setting)):
                continue
            try:
                check_query(query, known, groups)
            except QueryError as error:
                node = item.written[setting].node
                key = f"{item.key}.{setting}"
                yield node.source.mistake(node.index_of(error.offset), key, error.problem, error.hint)
        for item in states.values():
            if isinstance(item.form, StateForm):
                yield from _state(item, item.form, states, (*known, *groups))


def _state(item: Item, form: StateForm, states: Iterable[str], known: Iterable[str]) -> Iterator[Mistake]:
    """Check the names in a state: of those it contradicts and of those whose word is enough."""
    yield from _unknown(item, ("official",), form.official, known, "entity or group")
    for setting in ("contradicts", "after", "before"):
        names = getattr(form, setting)
        yield from _unknown(item, (setting,), names, states, "state")
        if item.name in names:
            yield item.mistake((setting,), f"a state cannot stand in its own {setting!r}")


# routes ───────────────────────────────────────────────────────────────────────────────────────


def _routes(items: Items) -> Iterator[Mistake]:
    for item in items.named["routes"].values():
        form = item.form
        if not isinstance(form, RouteForm):
            continue
        if items.complete:
            yield from _unknown(item, ("topics",), form.topics, items.named["topics"], "topic")
            yield from _unknown(item, ("channels",), form.channels, items.named["channels"], "channel")
        for name in ("topics", "channels"):
            values = getattr(form, name)
            if not values and name not in item.wrong:
                yield item.mistake((name,), "must name at least one")
            elif len(set(values)) < len(values):
                twice = next(v for v in values if values.count(v) > 1)
                yield item.mistake((name,), f"{twice!r} stands twice")
        if form.tells == ():
            yield item.mistake(("tells",), "must name at least one", "without it all is told")
        yield from _fallback(items, item, form.fallback, form.channels)
        yield from _when(item, form)
    top = items.settings
    if top is not None and isinstance(top.form, SettingsForm) and items.complete:
        yield from _unknown(top, ("operators",), top.form.operators, items.named["channels"], "channel")
    for name, item in items.named["channels"].items():
        data = item.node.plain()
        fallback = data.get("fallback") if isinstance(data, dict) else None
        yield from _fallback(items, item, fallback, (name,))


def _fallback(items: Items, item: Item, fallback: object, instead_of: Iterable[str]) -> Iterator[Mistake]:
    """Check that a fallback is another channel than the ones it stands in for."""
    if not isinstance(fallback, str) or "fallback" in item.wrong:
        return
    if items.complete:
        yield from _unknown(item, ("fallback",), (fallback,), items.named["channels"], "channel")
    if fallback in instead_of:
        yield item.mistake(("fallback",), f"{fallback!r} cannot stand in for itself")


def _when(item: Item, form: RouteForm) -> Iterator[Mistake]:
    """Check that it is clear when a route sends."""
    written = item.written
    if "send" in item.wrong:
        return
    ways = [name for name in ("at", "every", "cron") if getattr(form, name) or name in item.wrong]
    if form.send == "immediate":
        for name in (*ways, *(n for n in ("weekdays", "nothing_new") if n in written)):
            yield item.mistake((name,), "is for digests; this route sends immediately", at_key=True)
        return
    if not ways:
        hint = 'write at: ["07:30"], or send: immediate'
        yield item.mistake((), "does not say when the digest is sent", hint)
    elif len(ways) > 1:
        yield item.mistake(
            (ways[1],), f"{ways[0]} and {ways[1]} are both set: one of them says when", at_key=True
        )
    if len(set(form.at)) < len(form.at):
        yield item.mistake(("at",), "a time stands twice")
    if form.cron and form.weekdays:
        yield item.mistake(("weekdays",), "cron names its own weekdays", at_key=True)
    for name in ("group_wait", "group_interval", "repeat_interval", "budget", "corrections"):
        if name in written:
            yield item.mistake((name,), "is for immediate routes; this one sends digests", at_key=True)


def _left_over(items: Items, main: str) -> Iterator[Mistake]:
    """Find what is set up and then used by nothing."""
    routes = items.named["routes"].values()
    if all(isinstance(route.form, RouteForm) and "channels" not in route.wrong for route in routes):
        used = {name for route in routes for name in (*route.form.channels, route.form.fallback)}
        channels = [item.node.plain() for item in items.named["channels"].values()]
        top = items.settings.form if items.settings else None
        used |= set(top.operators) if isinstance(top, SettingsForm) else set()
        used |= {one["fallback"] for one in channels if isinstance(one, dict) and "fallback" in one}
        for name, item in items.named["channels"].items():
            if name not in used:
                yield item.mistake((), "no route uses this channel", warning=True)
    if not items.feeds:
        yield Mistake(file=main, problem="no feeds: there is nothing to read", warning=True)
    if not routes:
        yield Mistake(file=main, problem="no routes: nothing will be sent", warning=True)
