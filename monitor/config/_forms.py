"""What may stand in a config file: one model a section. The descriptions are the documentation.

The models check shape and kind, one item at a time; what holds between items is checked in _cross.
Defaults are those of monitor.model, so that they are said once.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import core_schema

from monitor.config import _kinds as kinds
from monitor.config import _times as times
from monitor.config._kinds import AnyText, Flag, Identifier, SecretText, Text, TextOrSecret
from monitor.config._places import (
    Charset,
    Contact,
    Country,
    Language,
    Listen,
    Network,
    Ping,
    PublicUrl,
    Url,
    Zone,
)
from monitor.config._times import Cron, LocalTime, Quiet, Weekdays
from monitor.model import (
    Canary,
    Heartbeat,
    Keep,
    MetricsSettings,
    NetworkSettings,
    PollSettings,
    Secret,
    Send,
    SignalKind,
    State,
)

_POLL, _NETWORK, _KEEP, _STATE = PollSettings(), NetworkSettings(), Keep(), State(id="", query="")

_HEARTBEAT, _CANARY, _METRICS = Heartbeat(), Canary(), MetricsSettings()


def _many(value: Any) -> Any:
    """Take one word where a list is meant: `at: "07:30"` is `at: ["07:30"]`."""
    return [value] if isinstance(value, str) else value


def one_of(*words: str) -> kinds.Kind:
    """Return the kind of texts that are one of `words`."""

    def read(value: Any, _: kinds.Surroundings) -> str:
        if not isinstance(value, str) or value not in words:
            hint = kinds.near(value, words, otherwise=True) if isinstance(value, str) else ""
            raise kinds.WrongError(f"must be {' or '.join(words)}", hint if "did you" in hint else "")
        return value

    return kinds.Kind(read, {"enum": list(words)}, " or ".join(words))


Many = BeforeValidator(_many)
Words = dict[Language, Annotated[tuple[Text, ...], Many]]
Names = dict[Language, Text]


SignalWord = Annotated[str, one_of(*(one.value for one in SignalKind))]
RouteSignalWord = Annotated[str, one_of(SignalKind.BURST.value, SignalKind.NO_DATA.value)]
KindWord = Annotated[str, one_of("stories", "turns", *(one.value for one in SignalKind))]


class Form(BaseModel):
    """A group of settings: unknown ones are mistakes."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    def values(self) -> dict[str, Any]:
        """Return the settings by name, as our values."""
        return {name: getattr(self, name) for name in type(self).model_fields}


def group_of(annotation: Any) -> type[Form] | None:
    """Return the form of a setting that is a group of settings itself."""
    if isinstance(annotation, type) and issubclass(annotation, Form):
        return annotation
    if get_origin(annotation) in (Annotated, Union, types.UnionType):
        return next(filter(None, map(group_of, get_args(annotation))), None)
    return None


@dataclass(frozen=True, eq=False)
class Inner:
    """Marks the items of a named group within an item: they are read one by one, as items themselves."""

    form: type[Form]

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "object"}  # schema.of puts the form's in its place


class PollForm(Form):
    """When and how feeds are polled."""

    every: Annotated[timedelta, times.duration("1s", "7d")] = Field(
        _POLL.every, description="Time between two polls of a feed whose pace is not known yet."
    )
    minimum: Annotated[timedelta, times.duration("0s", "7d")] = Field(
        _POLL.minimum,
        description="Never poll a feed more often. At least 60s, unless every feed is on a loopback address.",
    )
    maximum: Annotated[timedelta, times.duration("1s", "30d")] = Field(
        _POLL.maximum,
        description="Never wait longer, except where the publisher asks for it (up to 24h).",
    )
    backfill: Annotated[timedelta, times.duration("0s", "3650d")] = Field(
        _POLL.backfill,
        description="On a feed's first poll, older entries are stored and matched but sent nowhere "
        "(`before-start`).",
    )
    concurrency: Annotated[int, kinds.whole(1, 10_000)] = Field(
        _POLL.concurrency, description="Polls under way at once."
    )
    per_host: Annotated[int, kinds.whole(1, 64)] = Field(
        _POLL.per_host, description="Polls of one host under way at once."
    )
    per_host_gap: Annotated[timedelta, times.duration("0s", "1h")] = Field(
        _POLL.per_host_gap, description="Time between the starts of two polls of one host."
    )
    timeout: Annotated[timedelta, times.duration("1s", "10m")] = Field(
        _POLL.timeout, description="Of a whole poll, redirects and body included."
    )
    max_body: Annotated[int, times.size("1KB", "1GB")] = Field(
        _POLL.max_body, description="The longest document, after decompression."
    )
    articles: Annotated[int, kinds.whole(1, 10_000)] = Field(
        _POLL.articles, description="The most articles an hour for one feed with `fulltext`, newest first."
    )


class NetworkForm(Form):
    """Where the daemon may go, and how it introduces itself."""

    allow_private: Annotated[tuple[Network, ...], Many] = Field(
        _NETWORK.allow_private,
        description="Private, loopback and other special networks that feeds and webhooks may be on; "
        "all others are refused.",
    )
    contact: Contact | None = Field(
        None, description="A page or mail address for publishers: part of the User-Agent."
    )
    proxy: TextOrSecret | None = Field(
        None, description="An HTTP proxy for all feeds, `http://host:3128`; with a password as a secret."
    )


class KeepForm(Form):
    """How long what was found is kept. The identities of seen entries are kept for ever."""

    entries: Annotated[timedelta, times.duration("1d", "36500d")] = Field(
        _KEEP.entries, description="Entries with their matches and stories."
    )
    bodies: Annotated[timedelta, times.duration("1d", "36500d")] = Field(
        _KEEP.bodies, description="The full text of entries; the summary stays."
    )
    copies: Annotated[timedelta, times.duration("1d", "36500d")] = Field(
        _KEEP.copies, description="Full copies of messages (`copies`)."
    )
    recorded: Annotated[timedelta, times.duration("1d", "36500d")] = Field(
        _KEEP.recorded, description="Raw polls, where `record` names a folder for them; whole days go."
    )


class WebForm(Form):
    """The status page: feeds, deliveries, search, why something was sent or not (docs/howto/web.md)."""

    listen: Listen | None = Field(
        None,
        description="Where it is, `127.0.0.1:8080` or `[::1]:8080`; without it there is none. An address "
        "that others reach needs a `password`.",
    )
    password: SecretText | None = Field(
        None, description="Asked of every reader, whatever the user's name (HTTP Basic), as a secret."
    )
    public_url: PublicUrl | None = Field(
        None,
        description="How the outside reaches it, `https://monitor.example.org`: for links in messages and "
        "for hubs that call back. Put a server with TLS in front.",
    )


class HeartbeatForm(Form):
    """A URL that is asked for while all is well: whoever is behind it calls when that stops."""

    url: Ping | None = Field(
        None,
        description="What to ask for (GET): Healthchecks, Uptime Kuma's push, … Whoever knows it can speak "
        "for this daemon, so it is never logged; better `env:NAME` or `credential:NAME`.",
    )
    every: Annotated[timedelta, times.duration("10s", "1d")] = Field(
        _HEARTBEAT.every, description="Least time between two; the period that the other side expects."
    )


class CanaryForm(Form):
    """An entry of our own that is matched, told and delivered to nobody: proof that the way out works."""

    every: Annotated[timedelta, times.duration("0s", "1d")] = Field(
        _CANARY.every, description="Time between two. 0s: none."
    )


class MetricsForm(Form):
    """What `/metrics` says (docs/howto/watching.md)."""

    feeds: Annotated[int, kinds.whole(0, 100_000)] = Field(
        _METRICS.feeds,
        description="Each feed has a line of its own while there are no more than so many. 0: never.",
    )


class SettingsForm(Form):
    """Settings of the whole installation."""

    include: Annotated[tuple[Text, ...], Many] = Field(
        (), description="More files, relative to this one; `*` stands for any name. Only in the main file."
    )
    store: TextOrSecret = Field(
        "sqlite:monitor.db",
        description="Where everything is remembered: `sqlite:FILE` or `postgresql://…` (with a password: "
        "`env:NAME`). A relative file is under `$STATE_DIRECTORY`, else beside this file.",
    )
    language: Language = Field("en", description="Language of digests, unless a route says otherwise.")
    timezone: Zone = Field("UTC", description="Zone of a route's times, unless the route says otherwise.")
    templates: Text | None = Field(
        None, description="A folder whose files replace shipped templates; relative to this file."
    )
    operators: Annotated[tuple[Text, ...], Many] = Field(
        (),
        description="Channels that are told of feeds: once when one stops to bring anything, once when it "
        "is back. In `status` and in digests it stands anyway.",
    )
    copies: Text = Field(
        "copies",
        description="A folder for the full copies of messages that had no room for all: the message says "
        "where. A relative one is under `$STATE_DIRECTORY`, else beside this file.",
    )
    copies_url: Url | None = Field(
        None, description="Where that folder is published, `https://…`: then messages link to the copy."
    )
    websub: Flag = Field(
        False,
        description="Subscribe to feeds at the hubs they name, and be told of news within seconds. Needs "
        "`web.listen`, and `web.public_url` with https. See docs/howto/websub.md.",
    )
    record: Text | None = Field(
        None,
        description="A folder that keeps what every poll brought, for `monitor replay`; for how long says "
        "`keep.recorded`. A relative one is under `$STATE_DIRECTORY`, else beside this file.",
    )


class FeedForm(Form):
    """One URL that is polled."""

    url: Url = Field(description="Where the feed is.")
    source: Text | None = Field(None, description="The publisher's name. Default: the host.")
    language: Language = Field("und", description="Language of its entries, where they do not say.")
    country: Country = Field("", description="The publisher's country, two letters.")
    every: Annotated[timedelta, times.duration("1s", "7d")] | None = Field(
        None, description="Time between polls, in place of the adaptive one."
    )
    headers: dict[Text, TextOrSecret] = Field({}, description="Request headers; values may be secrets.")
    auth: SecretText | None = Field(
        None, description="`user:password` for HTTP Basic, as a secret: `env:NAME`, `credential:NAME`."
    )
    proxy: TextOrSecret | None = Field(None, description="An HTTP proxy for this feed.")
    charset: Charset = Field("", description="The encoding, where the publisher declares a wrong one.")
    tier: Annotated[int, kinds.whole(1, 3)] = Field(
        2, description="1 agencies and papers of record, 2 the press, 3 the rest: who leads a story."
    )
    folder: Text = Field("", description="For OPML export and lists.")
    paused: Flag = Field(False, description="Not polled for now.")
    websub: Flag = Field(True, description="Subscribed to at its hub, where `websub` is on.")
    fulltext: Flag = Field(
        False,
        description="Fetch the articles of which the feed has only a headline or the beginning, as "
        "robots.txt allows: see docs/howto/full-text.md. Needs `pip install 'monitor-daemon[fulltext]'`.",
    )


def feed_settings() -> frozenset[str]:
    """Return the names of a feed's settings."""
    return frozenset(FeedForm.model_fields)


class EntityForm(Form):
    """A person, place, body or thing, with its names by language."""

    type: Text = Field("thing", description="person, place, body, weapon, action, thing, …")
    label: Names = Field({}, description="Its name in digests.")
    names: Words = Field({}, description="Base forms; the language's endings may follow them.")
    forms: Words = Field({}, description="Closed paradigms, taken as they stand.")
    typos: Words = Field({}, description="Misspellings seen in print.")
    unseen: Words = Field({}, description="Plausible forms never seen; used like names.")
    within: Annotated[tuple[Identifier, ...], Many] = Field(
        (), description="Entities it is a part of: a city's country, the body that a spokesperson speaks for."
    )
    same_as: Identifier = Field(
        "", description="The entity whose facts its own are compared with: a conversation is the call."
    )
    note: Text = Field("", description="For editors.")


class LookAlikeForm(Form):
    """A wording that claims its words first, so that no entity is found in them."""

    claims: Words = Field(description="The wordings, by language.")
    note: Text = Field("", description="For editors.")


class StateForm(Form):
    """A state of a topic's event: a turn of it is an alert of its own (docs/howto/states.md)."""

    title: Names = Field({}, description="What it is called, by language. Default: the state's name.")
    query: Text = Field(
        description="What tells it: asked of each asserting sentence of the headline and the lead."
    )
    sources: Annotated[int, kinds.whole(1, 20)] = Field(
        _STATE.sources, description="Independent sources that must tell it; an agency's copies are one."
    )
    official: Annotated[tuple[Identifier, ...], Many] = Field(
        (), description="Entities or groups whose own word, quoted by a single source, is enough."
    )
    contradicts: Annotated[tuple[Identifier, ...], Many] = Field(
        (), description="States of this topic that it ends; only then can they be reached again."
    )
    after: Annotated[tuple[Identifier, ...], Many] = Field(
        (), description="States of which one must hold before it can be reached."
    )
    before: Annotated[tuple[Identifier, ...], Many] = Field(
        (), description="States while one of which holds it is no news, and not reached."
    )
    open: bool = Field(
        _STATE.open, description="Not how it ends: digests remind of it until another state ends it."
    )


class TopicForm(Form):
    """A standing question."""

    title: Names = Field({}, description="The heading in digests, by language. Default: the topic's name.")
    query: Text = Field(description="What is looked for: see docs/howto/queries.md.")
    states: dict[Identifier, Annotated[Any, Inner(StateForm)]] = Field(
        {}, description="States of the event, in the order in which they usually come."
    )
    states_unless: AnyText = Field(
        "", description="A query: a sentence for which it holds tells none of the states."
    )
    signals: Annotated[tuple[SignalWord, ...], Many] = Field(
        (),
        description="What of it as a whole is watched: `burst` (far more reports than at this hour of the "
        "week), `first-seen` (a name never seen beside those of the query), `no-data` (nothing for longer "
        "than ever by its own rhythm). See docs/howto/signals.md.",
    )


class RouteForm(Form):
    """Topics → channels: at which local times, or at once."""

    topics: Annotated[tuple[Identifier, ...], Many] = Field(description="Names of topics.")
    channels: Annotated[tuple[Identifier, ...], Many] = Field(description="Names of channels.")
    send: Annotated[str, one_of(Send.DIGEST.value, Send.IMMEDIATE.value)] = Field(
        Send.DIGEST.value, description="`digest`: what is new at set times. `immediate`: each story at once."
    )
    at: Annotated[tuple[LocalTime, ...], Many] = Field((), description="Digests: local times of day.")
    every: Annotated[timedelta, times.duration("5m", "31d")] | None = Field(
        None, description="Digests: time between two, in place of `at`."
    )
    cron: Cron = Field("", description="Digests: five cron fields, in place of `at`; weekdays by name.")
    weekdays: Weekdays = Field(frozenset(), description="Only on these days: `[mon, wed]`, `mon-fri`.")
    timezone: Zone | None = Field(None, description="Zone of all its times. Default: the general one.")
    language: Language | None = Field(None, description="Language of its messages. Default: the general one.")
    quiet: Annotated[tuple[Quiet, ...], Many] = Field(
        (), description="Local spans in which nothing is sent; it is held and sent afterwards."
    )
    nothing_new: Flag = Field(False, description="Digests: send also when there is nothing new.")
    group_wait: Annotated[timedelta, times.duration("0s", "1h")] = Field(
        timedelta(minutes=1), description="Immediate: wait for copies of a story before it is sent."
    )
    group_interval: Annotated[timedelta, times.duration("0s", "7d")] = Field(
        timedelta(minutes=5),
        description="Immediate: of a story that was alerted, what contradicts or denies is gathered and sent "
        "at most this often. A turn of the event is sent at once.",
    )
    repeat_interval: Annotated[timedelta, times.duration("0s", "31d")] = Field(
        timedelta(0),
        description="Immediate: a story that goes on, with news only, is told again after so long; "
        "0s: what is merely new goes to the digests.",
    )
    budget: Annotated[int, kinds.whole(0, 1000)] = Field(
        0,
        description="Immediate: the most alerts an hour for one recipient; 0: no limit. What is over it "
        "comes in the digest that tells the same recipient the same topics, else when the hour has room.",
    )
    signals: Annotated[tuple[RouteSignalWord, ...], Many] = Field(
        (), description="What of all its topics together is watched: `burst`, `no-data`."
    )
    tells: Annotated[tuple[KindWord, ...], Many] | None = Field(
        None,
        description="Tell only these: `stories`, `turns` of the event, and the signals `burst`, "
        "`first-seen`, `no-data`. Default: all that its topics bring.",
    )
    corrections: Flag = Field(
        True,
        description="Immediate: a headline that was sent and says something else now, or is about the topic "
        "no more, is told to whoever got it, in the same thread. Small edits are not. `false`: digests do.",
    )
    fallback: Identifier | None = Field(
        None,
        description="A channel that gets what another one failed to deliver for good, with a word why. "
        "Default: the one that the failing channel names.",
    )


_Of = tuple[type[Form], str]
SECTIONS: dict[str, _Of] = {
    "poll": (PollForm, "settings"),
    "network": (NetworkForm, "settings"),
    "keep": (KeepForm, "settings"),
    "web": (WebForm, "settings"),
    "heartbeat": (HeartbeatForm, "settings"),
    "canary": (CanaryForm, "settings"),
    "metrics": (MetricsForm, "settings"),
    "feeds": (FeedForm, "list"),
    "entities": (EntityForm, "named"),
    "look_alikes": (LookAlikeForm, "named"),
    "topics": (TopicForm, "named"),
    "routes": (RouteForm, "named"),
}
"""Top-level key → what its values are, and whether it is one group, a list or named items."""


def inner(form: type[Form]) -> dict[str, type[Form]]:
    """Return the settings of a form that hold items of their own, with these items' forms."""
    found: dict[str, type[Form]] = {}
    for name, field in form.model_fields.items():
        arguments = get_args(field.annotation)
        for mark in get_args(arguments[1])[1:] if len(arguments) == 2 else ():
            if isinstance(mark, Inner):
                found[name] = mark.form
    return found


PLAIN = tuple(SettingsForm.model_fields)
TOP = (*PLAIN, *SECTIONS, "groups", "channels")
"""All top-level keys."""

__all__ = [
    "PLAIN", "SECTIONS", "TOP", "EntityForm", "FeedForm", "Form", "HeartbeatForm", "KeepForm",
    "LookAlikeForm", "Many",
    "NetworkForm", "PollForm", "RouteForm", "Secret", "SettingsForm", "StateForm", "TopicForm",
    "WebForm", "group_of", "inner", "one_of", "time",
]  # fmt: skip
