"""A digest to try templates on: written for the project, about a real event, by made-up publishers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from monitor.life import life
from monitor.model import (
    Contradiction,
    Digest,
    DigestStory,
    Entry,
    Fact,
    FactKind,
    FactNote,
    Follows,
    HeadlineChange,
    Kind,
    Quote,
    Recipient,
    Section,
    SignalKind,
    SignalNote,
    Span,
    Stance,
    StoryEntry,
    StoryNews,
    Trouble,
    Turn,
    TurnNote,
)
from monitor.render.places import SIGNALS
from monitor.render.unusual import unusual

_SLOT = datetime(2025, 10, 17, 1, 30, tzinfo=UTC)

_LABELS: Mapping[str, Mapping[str, str]] = {
    "trump": {"en": "Donald Trump", "bn": "ডোনাল্ড ট্রাম্প"},
    "putin": {"en": "Vladimir Putin", "bn": "ভ্লাদিমির পুতিন"},
    "orban": {"en": "Viktor Orbán", "bn": "ভিক্তর অরবান"},
    "zelensky": {"en": "Volodymyr Zelensky", "bn": "ভলোদিমির জেলেনস্কি"},
    "rubio": {"en": "Marco Rubio", "bn": "মার্কো রুবিও"},
    "lavrov": {"en": "Sergei Lavrov", "bn": "সের্গেই লাভরভ"},
    "peskov": {"en": "Dmitry Peskov", "bn": "দিমিত্রি পেসকভ"},
    "budapest": {"en": "Budapest", "bn": "বুদাপেস্ট"},
    "phone_call": {"en": "telephone call", "bn": "ফোনালাপ"},
    "tomahawk": {"en": "Tomahawk missiles", "bn": "টমাহক ক্ষেপণাস্ত্র"},
    "white_house": {"en": "the White House", "bn": "হোয়াইট হাউস"},
}
_TOPICS: Mapping[str, Mapping[str, str]] = {
    "trump-putin-summit": {"en": "Trump–Putin summit", "bn": "ট্রাম্প–পুতিন শীর্ষ সম্মেলন"},
    "tomahawk": {"en": "Tomahawk missiles", "bn": "টমাহক ক্ষেপণাস্ত্র"},
    "zelensky-visit": {"en": "Zelensky in Washington", "bn": "ওয়াশিংটনে জেলেনস্কি"},
}

_Words = Mapping[str, tuple[str, ...]]
_BN: _Words = {
    "trump": ("ট্রাম্পের", "ট্রাম্প"),
    "putin": ("পুতিনের", "পুতিন"),
    "orban": ("অরবান",),
    "zelensky": ("জেলেনস্কি",),
    "rubio": ("রুবিও",),
    "lavrov": ("লাভরভের", "লাভরভ"),
    "peskov": ("পেসকভ",),
    "budapest": ("বুদাপেস্টে", "বুদাপেস্ট"),
    "phone_call": ("ফোনালাপ", "টেলিফোনে"),
    "tomahawk": ("টমাহক",),
    "white_house": ("হোয়াইট হাউসে",),
}
_EN: _Words = {
    "trump": ("Trump",),
    "putin": ("Putin",),
    "orban": ("Orbán",),
    "zelensky": ("Zelensky",),
    "rubio": ("Rubio",),
    "lavrov": ("Lavrov",),
    "peskov": ("Peskov",),
    "budapest": ("Budapest",),
    "phone_call": ("telephone",),
    "tomahawk": ("Tomahawk",),
    "white_house": ("White House",),
}
_RU: _Words = {"trump": ("Трамп",), "putin": ("Путин", "Путина"), "budapest": ("Будапеште",)}
_FORMS = {"bn": _BN, "en": _EN, "ru": _RU, "hu": {"orban": ("Orbán",), "budapest": ("Budapest",)}}

_Draft = tuple[str, str, int, str, str]
"""Publisher, language, minutes before the slot, title, summary."""
_STORIES: Sequence[tuple[str, str, float, Sequence[_Draft]]] = (
    (
        "trump-putin-summit",
        "new",
        9.0,
        (
            (
                "দৈনিক নদী",
                "bn",
                395,
                "আড়াই ঘণ্টা কথা বললেন ট্রাম্প ও পুতিন, এবার মুখোমুখি বুদাপেস্টে",
                "প্রায় দুই মাস পর আবার সরাসরি যোগাযোগ। বৃহস্পতিবার টেলিফোনে ট্রাম্প ও পুতিনের আলাপ চলে প্রায় আড়াই "
                "ঘণ্টা; ওয়াশিংটন বলছে, আলোচনা খুবই ফলপ্রসূ। যুদ্ধবিরতির পথ খুঁজতে দুই নেতা হাঙ্গেরির রাজধানীতে "
                "বৈঠকে সম্মত হয়েছেন বলে ট্রুথ সোশ্যালে জানিয়েছেন মার্কিন প্রেসিডেন্ট।",
            ),
            (
                "Harbour Wire",
                "en",
                402,
                "Trump says he will meet Putin in Budapest after a call of two and a half hours",
                "The two presidents spoke by telephone on Thursday for the first time in nearly two months. "
                "Trump called the talk very productive and named Budapest as the place for talks on a truce.",
            ),
            ("সকালের কাগজ", "bn", 371, "ট্রাম্প-পুতিন ফোনালাপ: বৈঠক হবে বুদাপেস্টে", ""),
            ("Северный курьер", "ru", 365, "Трамп и Путин договорились о встрече в Будапеште", ""),
            (
                "Evening Ledger",
                "en",
                350,
                "Putin, Trump to meet in Hungary",
                "The two men talked for two hours, a person who was told of the call said.",
            ),
            ("Dunai Hírek", "hu", 344, "Budapesten találkozik Trump és Putyin", ""),
        ),
    ),
    (
        "trump-putin-summit",
        "developing",
        6.5,
        (
            (
                "Dunai Hírek",
                "hu",
                300,
                "Orbán: Budapest biztonságos és tisztességes feltételeket kínál a csúcshoz",
                "Orbán Viktor közölte, hogy Budapest kész fogadni a két elnököt.",
            ),
            ("দৈনিক নদী", "bn", 280, "নিরাপদ আয়োজনের প্রস্তাব দিলেন অরবান", ""),
        ),
    ),
    (
        "trump-putin-summit",
        "new",
        5.0,
        (
            (
                "সকালের কাগজ",
                "bn",
                240,
                "শীর্ষ বৈঠকের আগে রুবিও ও লাভরভের ফোনালাপ, আসছে সপ্তাহে প্রতিনিধিদল",
                "নেতাদের সাক্ষাতের আগে উচ্চপর্যায়ের প্রতিনিধিদল আগামী সপ্তাহে বসবে। প্রস্তুতির দায়িত্ব পেয়েছেন "
                "মার্কিন পররাষ্ট্রমন্ত্রী রুবিও ও রাশিয়ার লাভরভ। বৈঠকের তারিখ ঠিক হয়ে গেছে, এমন খবর অস্বীকার করেছেন "
                "ক্রেমলিনের মুখপাত্র পেসকভ।",
            ),
        ),
    ),
    (
        "tomahawk",
        "new",
        4.0,
        (
            (
                "Harbour Wire",
                "en",
                180,
                "Peskov warns that Tomahawk deliveries would take escalation to a new level",
                "The Kremlin spokesman Dmitry Peskov said supplying Tomahawk missiles would change the "
                "situation, and that the operation goes on because there is no alternative to it.",
            ),
            ("দৈনিক নদী", "bn", 150, "টমাহক দিলে উত্তেজনা নতুন স্তরে যাবে: পেসকভ", ""),
        ),
    ),
    (
        "zelensky-visit",
        "new",
        3.0,
        (
            (
                "সকালের কাগজ",
                "bn",
                90,
                "আজ হোয়াইট হাউসে যাচ্ছেন জেলেনস্কি, আলোচনায় টমাহক",
                "শুক্রবার ওয়াশিংটনে ট্রাম্পের সঙ্গে দেখা করবেন জেলেনস্কি; ক্ষেপণাস্ত্র সরবরাহ আলোচ্যসূচিতে রয়েছে।",
            ),
            ("Evening Ledger", "en", 80, "Zelensky due at the White House with Tomahawk request", ""),
        ),
    ),
)


_RECOVERED = (
    Trouble(
        source="Dnipro Courier",
        url="https://courier.example/rss",
        status="stalled",
        reason="",
        since=_SLOT - timedelta(hours=31),
    ),
)
_TROUBLES = (
    Trouble(
        source="Evening Ledger",
        url="https://ledger.example/world.xml",
        status="error",
        reason="http-5xx",
        since=_SLOT - timedelta(hours=9),
    ),
    Trouble(source="উত্তরের খবর", url="https://uttor.example/rss", status="blocked", reason="blocked"),
)


def sample(
    kind: Kind = Kind.DIGEST,
    *,
    language: str = "bn",
    timezone: str = "Asia/Dhaka",
    empty: bool = False,
    copies: int = 1,
    over: bool = False,
    unusually: bool = False,
) -> Digest:
    """Return a digest (or alert) of the Budapest summit news of October 2025; the same each time.

    `empty` leaves the stories out, `copies` repeats them under other ids, to see long digests; `over`
    is for signals: the end of one; `unusually` puts one into a digest.
    """
    stories = [
        (topic, _story(place, state, score, sorted(drafts, key=lambda d: d[1] != language[:2]), copy))
        for copy in range(0 if empty else copies)
        for place, (topic, state, score, drafts) in enumerate(_STORIES)
    ]
    if kind is not Kind.DIGEST:
        stories = stories[: kind is not Kind.FEEDS]
    if kind is Kind.CORRECTION:
        stories = [(topic, _corrected(story)) for topic, story in stories]
    labels = {entity: _said(by, language) for entity, by in _LABELS.items()}
    signals = _signals(kind, stories, labels, language, over=over) if kind in SIGNALS or unusually else ()
    stories = [] if kind in SIGNALS else stories
    entries = [one.entry for _, story in stories for one in (story.lead, *story.also, *story.carriers)]
    titles = {topic: by.get(language.partition("-")[0], by["en"]) for topic, by in _TOPICS.items()}
    return Digest(
        id=_id("digest", kind, language, timezone, str(copies), str(empty)),
        kind=kind,
        route="day",
        channel="desk",
        recipient=Recipient(address="desk@example.org"),
        language=language,
        timezone=timezone,
        slot=_SLOT if kind is Kind.DIGEST or not stories else stories[0][1].first_seen,
        since=None if kind is not Kind.DIGEST else _SLOT - timedelta(hours=12, minutes=30),
        until=_SLOT,
        sections=tuple(
            Section(topic=topic, title=titles[topic], stories=tuple(s for t, s in stories if t == topic))
            for topic in titles
            if any(t == topic for t, _ in stories)
        ),
        entries=len(entries),
        sources=len({entry.source for entry in entries}),
        languages=tuple(dict.fromkeys(entry.language for entry in entries)),
        troubles=_TROUBLES if kind in (Kind.DIGEST, Kind.FEEDS) else (),
        recovered=_RECOVERED if kind in (Kind.DIGEST, Kind.FEEDS) else (),
        feeds_ok=61,
        feeds_total=63,
        topics=titles,
        labels=labels,
        signals=signals,
        turns=tuple(_turn(story, language) for _, story in stories[:1] if kind in (Kind.DIGEST, Kind.TURN)),
        open=(_doubt(language),) if stories and kind is Kind.DIGEST else (),
        follows=_first(language) if kind is Kind.CORRECTION else None,
    )


_FIRST = "Trump and Putin to meet on Monday, aide says"


def _corrected(story: DigestStory) -> DigestStory:
    """A story of which a headline that was sent is another now, and one is about it no more."""
    before = {"bn": "তিন ঘণ্টা কথা বললেন ট্রাম্প ও পুতিন, বৈঠক সোমবার", "en": _FIRST}
    lead, other = story.lead, next(iter(story.also), story.lead)
    now, later = (_SLOT - timedelta(minutes=minutes) for minutes in (20, 9))
    was = [before.get(item.entry.language, _FIRST) for item in (lead, other)]
    changes = (
        HeadlineChange(before=was[0], item=lead, at=now),
        HeadlineChange(before=was[1], item=other, at=later, withdrawn=True),
    )
    return replace(
        story, state="developing", also=(), carriers=(), news=StoryNews(headlines=changes, reports=4)
    )


def _first(language: str) -> Follows:
    """The alert that told it first."""
    return Follows(
        message=_id("digest", Kind.ALERT, language),
        delivery=_id("digest", Kind.ALERT, language) + "-desk",
        at=_SLOT - timedelta(hours=3),
        subject=_FIRST,
    )


def _signals(
    kind: Kind,
    stories: Sequence[tuple[str, DigestStory]],
    labels: Mapping[str, str],
    language: str,
    *,
    over: bool,
) -> tuple[SignalNote, ...]:
    """The signal of an alert about one; a digest's is a burst."""
    about = SignalKind(kind.value) if kind in SIGNALS else SignalKind.BURST
    return tuple(
        unusual(
            about,
            topic=topic,
            title=_said(_TOPICS[topic], language),
            at=_SLOT,
            items=(story.lead, *story.also)[:3],
            names=labels,
            over=over,
        )
        for topic, story in stories[:1]
    )


def _story(place: int, state: str, score: float, drafts: Sequence[_Draft], copy: int) -> DigestStory:
    items = [_item(draft, copy) for draft in drafts]
    lead, *also = items
    carriers = [item for item in also if item.entry.source == _CARRIER]
    told = [lead, *(item for item in also if item not in carriers)]
    return DigestStory(
        id=_id("story", drafts[0][3], str(copy)),
        state=state,
        lead=lead,
        also=tuple(told[1:]),
        carriers=tuple(carriers),
        topics=lead.topics,
        score=score,
        first_seen=min(item.entry.first_seen for item in items),
        sources=len({item.entry.source for item in items}),
        languages=tuple(dict.fromkeys(item.entry.language for item in items)),
        news=_news(place, state, told),
        life=life(
            [item.entry for item in items],
            [[item.entry.id] for item in told],
            copies=[item.entry.id for item in carriers],
            tier=lambda entry: 1 if entry.source in _BEST else 2,
            score=score,
            at=_SLOT,
        ),
        silent=tuple(one for one in ("uk",) if place == 0),
    )


_CARRIER = "সকালের কাগজ"
_BEST = ("Harbour Wire", "দৈনিক নদী")


def _news(place: int, state: str, told: Sequence[StoryEntry]) -> StoryNews:
    """What stands out: an answer against another, a denial, what is new in a story that is known."""
    if place == 0:
        return StoryNews(contradictions=tuple(_contradiction(told)))
    if state == "developing":
        before = replace(
            told[-1].entry, title="হাঙ্গেরি তৈরি, বললেন অরবান" if told[-1].entry.language == "bn" else ""
        )
        change = HeadlineChange(
            before=before.title or "Budapest kész", item=told[-1], at=_SLOT - timedelta(hours=1)
        )
        known = replace(told[-1], entry=before)
        return StoryNews(sources=(told[0],), headlines=(change,), known=known, reports=3)
    words = "বৈঠকের তারিখ ঠিক হয়ে গেছে, এমন খবর অস্বীকার করেছেন ক্রেমলিনের মুখপাত্র পেসকভ।"
    denied = [_quote("peskov", Stance.DENIES, words, item) for item in told if words in item.entry.summary]
    return StoryNews(denials=tuple(denied))


def _contradiction(told: Sequence[StoryEntry]) -> Iterator[Contradiction]:
    answers = (("প্রায় আড়াই ঘণ্টা", "PT2H30M", 8_100, 9_000), ("two hours", "PT2H", 7_200, 7_200))
    sides = [
        FactNote(
            fact=Fact(
                kind=FactKind.DURATION, about="phone_call", value=value, low=low, high=high, span=found
            ),
            item=item,
            sources=(item.entry.source, "Harbour Wire") if value == "PT2H30M" else (item.entry.source,),
        )
        for surface, value, low, high in answers
        for item in told
        for found in _spans("summary", item.entry.summary, {"phone_call": (surface,)})[:1]
    ]
    if len(sides) == len(answers):
        yield Contradiction(
            kind=FactKind.DURATION,
            about="phone_call",
            sides=tuple(sides),
            since=_SLOT - timedelta(minutes=350),
        )


def _quote(speaker: str, stance: Stance, surface: str, item: StoryEntry) -> Quote:
    start = item.entry.summary.index(surface)
    span = Span(field="summary", start=start, end=start + len(surface), surface=surface)
    return Quote(speaker=speaker, stance=stance, span=span, item=item, more=2)


_VENUE = {"en": "The venue is set", "bn": "স্থান ঠিক হয়েছে"}
_PROPOSED = {"en": "proposed", "bn": "প্রস্তাবিত"}
_DOUBT = {"en": "The delegations' meeting is in doubt", "bn": "প্রতিনিধিদলের বৈঠক নিয়ে সংশয়"}
_PREPARED = {"en": "prepared", "bn": "প্রস্তুতি চলছে"}


def _turn(story: DigestStory, language: str) -> TurnNote:
    """A turn that two independent sources told."""
    items = (story.lead, *story.also)
    item = next(
        (one for one in items if one.entry.source in _BEST and one.entry.language == language[:2]), items[0]
    )
    turn = Turn(
        id=_id("turn", "venue"),
        topic="trump-putin-summit",
        state="venue",
        story_id=story.id,
        reached_at=story.first_seen,
        entry_ids=(item.entry.id,),
    )
    return TurnNote(
        turn=turn,
        title=_said(_VENUE, language),
        before=(_said(_PROPOSED, language),),
        item=replace(
            item, spans=tuple(s for s in item.spans if (s.field, s.entity) == ("summary", "budapest"))
        ),
        sources=_BEST,
    )


def _doubt(language: str) -> TurnNote:
    """A turn of yesterday that nothing has settled."""
    turn = Turn(
        id=_id("turn", "doubt"),
        topic="trump-putin-summit",
        state="doubt",
        story_id=_id("story", "doubt"),
        reached_at=_SLOT - timedelta(hours=20),
        entry_ids=(),
    )
    return TurnNote(turn=turn, title=_said(_DOUBT, language), before=(_said(_PREPARED, language),))


def _said(by_language: Mapping[str, str], language: str) -> str:
    return by_language.get(language.partition("-")[0], by_language["en"])


def _item(draft: _Draft, copy: int) -> StoryEntry:
    source, language, minutes, title, summary = draft
    name = _id("entry", source, title, str(copy))
    published = _SLOT - timedelta(minutes=minutes)
    spans = tuple(
        span
        for field, text in (("title", title), ("summary", summary))
        for span in _spans(field, text, _FORMS.get(language, {}))
    )
    return StoryEntry(
        entry=Entry(
            id=name,
            url=f"https://news.example/{language}/{name}",
            title=title,
            summary=summary,
            published=published,
            first_seen=published + timedelta(minutes=4),
            source=source,
            feed_url=f"https://news.example/{language}.xml",
            language=language,
        ),
        spans=spans,
        topics=("trump-putin-summit",),
        terms=tuple(dict.fromkeys(span.term for span in spans)),
    )


def _spans(field: str, text: str, words: _Words) -> list[Span]:
    found: list[Span] = []
    for entity, forms in words.items():
        for form in forms:
            start = text.find(form)
            while start >= 0:
                end = start + len(form)
                if not any(s.start < end and start < s.end for s in found):
                    found.append(
                        Span(
                            field=field, start=start, end=end, surface=form, term=f"@{entity}", entity=entity
                        )
                    )
                start = text.find(form, end)
    return sorted(found, key=lambda span: span.start)


def _id(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()
