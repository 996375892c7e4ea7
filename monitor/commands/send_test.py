"""send_test: try a channel: one small marked message to each of its recipients, with the whole dialogue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b

import click

from monitor import __version__, registry, service
from monitor.channels import Channel, Posted, Tools
from monitor.clock import Clock, SystemClock
from monitor.commands._app import App, json_option, print_json
from monitor.config import ChannelConfig, Config
from monitor.errors import DeliveryError, DeliveryReason
from monitor.fetch import client
from monitor.model import Delivery, Digest, Kind, Message, Recipient
from monitor.render import Renderer, sample

LONGEST = 90.0
"""Seconds for one recipient, as the daemon gives a try."""

_HINTS = {
    DeliveryReason.CONNECT: "is the name right, and does the receiver run and listen to this machine?",
    DeliveryReason.TIMEOUT: "is the name right, and does a firewall stand between?",
    DeliveryReason.AUTH: "check the password, token or URL, and what it is allowed to do",
    DeliveryReason.RATE_LIMITED: "wait a little; the daemon would",
    DeliveryReason.SERVER: "the receiver has trouble; the daemon would try again for three days",
    DeliveryReason.REJECTED: "the receiver will never take this: what it says is the reason",
    DeliveryReason.GONE: "the room or address is no more: name another",
    DeliveryReason.REFUSED: "a receiver in your own network must be in network.allow_private",
    DeliveryReason.DISK: "does the folder belong to the user that monitor runs as, and is there room?",
    DeliveryReason.UNKNOWN: "it may have arrived all the same: look there",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of the message to one recipient. `transcript` is the dialogue, secrets starred."""

    recipient: str
    ok: bool
    receipt: str = ""
    reason: str = ""
    detail: str = ""
    retryable: bool = False
    hint: str = ""
    transcript: tuple[str, ...] = ()


@click.command()
@click.argument("channel")
@click.option("--to", "only", metavar="ADDRESS", help="Only to this recipient of the channel.")
@json_option
@click.pass_obj
def command(app: App, channel: str, only: str | None, as_json: bool) -> None:
    """Send a test message by CHANNEL and show what was said: SMTP or HTTP, without secrets.

    Nothing is recorded, and no route, silence or quiet hour is asked. Exit status 1 if a recipient
    was not reached.
    """
    config = app.load()
    chosen = config.channels.get(channel)
    if chosen is None:
        near = registry.nearest(channel, config.channels)
        there = ", ".join(config.channels) or "none"
        hint = f"did you mean {near!r}?" if near else f"there are: {there}"
        raise click.UsageError(f"there is no channel {channel!r}; {hint}")
    show: Callable[[str], None] = (lambda line: None) if as_json else click.echo
    outcomes = asyncio.run(run(config, chosen, only, show))
    fine = all(outcome.ok for outcome in outcomes)
    if as_json:
        print_json({"channel": channel, "type": chosen.type, "ok": fine, "deliveries": outcomes})
    if not fine:
        raise click.exceptions.Exit(1)


async def run(
    config: Config, chosen: ChannelConfig, only: str | None, show: Callable[[str], None]
) -> list[Outcome]:
    """Send to every recipient, one after the other. `show` hears each line as it is said."""
    clock, heard = SystemClock(), list[str]()

    def note(line: str) -> None:
        heard.append(line)
        show(line)

    http = client(config.network, version=__version__, timeout=config.poll.timeout)
    try:
        tools = Tools(http=http, clock=clock, folder=config.folder, note=note)
        channel: Channel = chosen.cls(chosen.name, chosen.options, tools)
        people = [one for one in channel.recipients() if only in (None, one.address)]
        if not people:
            known = ", ".join(one.address for one in channel.recipients())
            raise click.UsageError(f"{chosen.name} does not reach {only!r}; it reaches: {known}")
        renderer = service.renderer(config)
        outcomes = []
        for recipient in people:
            heard.clear()
            delivery = a_test(config, chosen, channel, recipient, renderer, clock)
            outcome = replace(await _tried(channel, delivery), transcript=tuple(heard))
            show(_words(outcome))
            outcomes.append(outcome)
        return outcomes
    finally:
        await http.aclose()


async def _tried(channel: Channel, delivery: Delivery) -> Outcome:
    to = delivery.message.recipient.address
    try:
        async with asyncio.timeout(LONGEST):
            answer = await channel.send(delivery)
            receipt = answer.receipt if isinstance(answer, Posted) else answer
            return Outcome(recipient=to, ok=True, receipt=receipt)
    except TimeoutError:
        error = DeliveryError(DeliveryReason.TIMEOUT, f"took longer than {LONGEST:g} s", retryable=True)
    except DeliveryError as failure:
        error = failure
    return Outcome(
        recipient=to,
        ok=False,
        reason=error.reason.value,
        detail=str(error),
        retryable=error.retryable,
        hint=_HINTS[error.reason],
    )


def _words(outcome: Outcome) -> str:
    if outcome.ok:
        return f"{outcome.recipient}: sent: {outcome.receipt}"
    return f"{outcome.recipient}: not sent: {outcome.reason}: {outcome.detail}\n  hint: {outcome.hint}"


# the message ──────────────────────────────────────────────────────────────────────────────────


def a_test(
    config: Config,
    chosen: ChannelConfig,
    channel: Channel,
    recipient: Recipient,
    renderer: Renderer,
    clock: Clock,
) -> Delivery:
    """Return an alert that says it is a test, in the recipient's language, else the general one."""
    now = clock.now()
    language = recipient.language or config.language
    digest = sample(Kind.ALERT, language=language, timezone=recipient.timezone or config.timezone)
    title = renderer.phrase(language, "test_title")
    text = renderer.phrase(language, "test_text", channel=chosen.name)
    own = blake2b(f"{chosen.name} {recipient.address} {now.isoformat()}".encode(), digest_size=8).hexdigest()
    digest = replace(
        _said(replace(digest, id=f"test-{own}", until=now), title, text),
        route="send-test",
        channel=chosen.name,
        recipient=recipient,
        slot=now,
    )
    message: Message = channel.prepare(renderer.render(digest, channel_type=chosen.type, parts=channel.parts))
    return Delivery(id=digest.id, message=message, channel=chosen.name, due_at=now, queued_at=now, attempts=1)


def _said(digest: Digest, title: str, text: str) -> Digest:
    """Return the sample alert with other words: one story of ours, with nothing marked in it."""
    section = digest.sections[0]
    story = section.stories[0]
    now = digest.until
    entry = replace(
        story.lead.entry,
        title=title,
        summary=text,
        content="",
        url="",
        source="monitor",
        language=digest.language,
        published=now,
        first_seen=now,
    )
    topics = ("send-test",)
    lead = replace(story.lead, entry=entry, spans=(), terms=(), topics=topics)
    told = replace(
        story, id=digest.id, lead=lead, also=(), topics=topics, first_seen=now, sources=1, languages=()
    )
    return replace(
        digest,
        sections=(replace(section, title="send-test", stories=(told,)),),
        entries=1,
        sources=1,
        languages=(digest.language,),
        topics={"send-test": "monitor send-test"},
    )
