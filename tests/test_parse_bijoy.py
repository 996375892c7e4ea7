"""Bengali that was typed for a font, not in Unicode: made Unicode, or refused with a word about it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ParseError, ParseReason
from monitor.model import Document, Feed, Fetched, FetchResult, Item
from monitor.parse import Parser
from monitor.parse.bijoy import is_bijoy, righted, unicode_of
from tests.politeness.kit import START

CORPUS = Path(__file__).parent / "corpus"
LABELS = Path(__file__).parents[2] / "shared" / "data" / "labels"

WORDS = {
    "evsjv‡`k": "বাংলাদেশ",
    "U«v¤ú-cywZb ‰eVK": "ট্রাম্প-পুতিন বৈঠক",
    "kxl© m‡¤§jb": "শীর্ষ সম্মেলন",
    "Kg©KZ©vi": "কর্মকর্তার",
    "Kgx©": "কর্মী",
    "`yb©xwZ": "দুর্নীতি",
    "A‡_©": "অর্থে",
    "hy³ivóª": "যুক্তরাষ্ট্র",
    "ivóªcwZ": "রাষ্ট্রপতি",
    "cÖavbgš¿x": "প্রধানমন্ত্রী",
    "wek^we`¨vjq": "বিশ্ববিদ্যালয়",
    "¯^vaxbZv": "স্বাধীনতা",
    "hy×weiwZ": "যুদ্ধবিরতি",
    "Av‡jvPbv ïiæ|": "আলোচনা শুরু।",
    "K…wl": "কৃষি",
    "g„Zz¨…": "মৃত্যু…",
    "†KŠkj": "কৌশল",
    "kvwš—": "শান্তি",
    "kvwšÍ": "শান্তি",
    "wKš‘ B”Qv": "কিন্তু ইচ্ছা",
    "Puv` I hvu": "চাঁদ ও যাঁ",
    "aŸsm": "ধ্বংস",
    "wb‡q wM‡q‡Q": "নিয়ে গিয়েছে",
    "mswkøó": "সংশ্লিষ্ট",
    "PÆMÖvg": "চট্টগ্রাম",
    "g¨vwR‡÷ªU": "ম্যাজিস্ট্রেট",
    "jÛb, 2025": "লন্ডন, ২০২৫",
    "wkÿv I wk¶v": "শিক্ষা ও শিক্ষা",
}


@pytest.mark.parametrize("typed", WORDS)
def test_what_was_typed_for_the_font_is_read_as_it_looked(typed: str) -> None:
    assert unicode_of(typed) == normalize("NFC", WORDS[typed])


TITLES = (
    "U«v¤ú-cywZb kxl© m‡¤§jb ey`v‡c‡÷",
    "BD‡µ‡b hy×weiwZ wb‡q Av‡jvPbv ïiæ",
    "cÖavbgš¿xi m‡½ gvwK©b ivóª`~‡Zi mvÿvr",
    "wek^we`¨vj‡q fwZ© cixÿvi mgqm~wP cÖKvk",
)
READ = (
    "ট্রাম্প-পুতিন শীর্ষ সম্মেলন বুদাপেস্টে",
    "ইউক্রেনে যুদ্ধবিরতি নিয়ে আলোচনা শুরু",
    "প্রধানমন্ত্রীর সঙ্গে মার্কিন রাষ্ট্রদূতের সাক্ষাৎ",
    "বিশ্ববিদ্যালয়ে ভর্তি পরীক্ষার সময়সূচি প্রকাশ",
)
FEED = Feed(url="https://paper.example/rss", source="Old Paper", language="bn")


def body(*titles: str, summary: str = "", encoding: str = "utf-8", language: str = "") -> bytes:
    """Return a feed of these titles."""
    inside = "".join(
        f"<item><title>{title.replace('&', '&amp;')}</title><link>https://paper.example/{n}</link>"
        f"<description><![CDATA[{summary}]]></description></item>"
        for n, title in enumerate(titles)
    )
    of = f"<language>{language}</language>" if language else ""
    return (
        f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel>'
        f"<title>evsjv‡`k msev`</title>{of}{inside}</channel></rss>"
    ).encode(encoding)


def read(content: bytes, feed: Feed = FEED) -> Document:
    parser = Parser()
    try:
        result = FetchResult(feed=feed, fetched_at=START, outcome=Fetched(body=content), url=feed.url)
        return parser.parse(result)
    finally:
        parser.close()


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
def test_a_bengali_feed_that_was_typed_for_the_font_comes_out_in_unicode(encoding: str) -> None:
    document = read(body(*TITLES, encoding=encoding))
    assert tuple(item.title for item in document.items) == tuple(normalize("NFC", one) for one in READ)
    assert document.title == normalize("NFC", "বাংলাদেশ সংবাদ")
    assert [item.link for item in document.items] == [f"https://paper.example/{n}" for n in range(4)]


def test_it_is_enough_that_the_document_says_it_is_bengali() -> None:
    unknown = replace(FEED, language="und")
    assert read(body(*TITLES, language="bn-BD"), unknown).items[0].title == normalize("NFC", READ[0])
    assert read(body(*TITLES, language="en"), replace(FEED, language="en")).items[0].title == TITLES[0]


def test_markup_and_links_in_a_text_stay_as_they_are() -> None:
    summary = '<p class="Lead">U«v¤ú-cywZb <a href="https://x.example/BnK">‰eVK</a>&nbsp;ïiæ https://x.example/KvK</p>'
    (first, *_) = read(body(*TITLES, summary=summary)).items
    assert first.summary == normalize(
        "NFC",
        '<p class="Lead">ট্রাম্প-পুতিন <a href="https://x.example/BnK">বৈঠক</a>&nbsp;শুরু https://x.example/KvK</p>',
    )


def test_an_english_field_in_such_a_feed_stays_english() -> None:
    english = "The President of the United States said there would be no meeting this week"
    titles = [item.title for item in read(body(*TITLES, english)).items]
    assert titles[-1] == english


def test_bengali_for_a_font_that_cannot_be_read_is_refused_with_a_word_about_it() -> None:
    unknown = [title.replace("v", "¹").replace("w", "º") for title in TITLES]
    with pytest.raises(ParseError, match=r"typed for a font .* not in Unicode") as refused:
        read(body(*unknown))
    assert refused.value.reason is ParseReason.BROKEN


def test_a_feed_in_unicode_is_not_looked_at_further() -> None:
    document = Document(language="bn", items=tuple(Item(title=title) for title in READ))
    assert righted(document, "bn") is document
    mixed = Document(language="bn", items=(Item(title=READ[0]), *(Item(title=title) for title in TITLES)))
    assert righted(mixed, "bn") is mixed


# never English ────────────────────────────────────────────────────────────────────────────────


def texts(*folders: Path) -> Iterator[str]:
    """Yield every text of a corpus that has no Bengali letter in it."""
    for path in (path for folder in folders for path in sorted(folder.rglob("*.jsonl"))):
        for line in path.read_text(encoding="utf-8").splitlines():
            values = json.loads(line)
            found = (values.get(name) for name in ("title", "summary", "text"))
            yield from (
                one for one in found if isinstance(one, str) and not any("ঀ" <= c <= "৿" for c in one)
            )


LATIN = [text for text in texts(CORPUS) if text]
ENGLISH = sorted({word for text in LATIN for word in text.split()})


def test_no_text_of_another_language_is_taken_for_it() -> None:
    assert len(LATIN) > 300
    assert [text for text in LATIN if is_bijoy(text.split())] == []


@pytest.mark.shared
def test_no_real_headline_of_another_language_is_taken_for_it() -> None:
    if not LABELS.is_dir():
        pytest.skip("the shared research data is not next to the checkout")
    found = list(texts(LABELS))
    assert len(found) > 500
    assert [text for text in found if is_bijoy(text.split())] == []


@given(st.lists(st.lists(st.sampled_from(ENGLISH), min_size=3, max_size=12), min_size=1, max_size=20))
def test_a_feed_of_english_that_says_it_is_bengali_stays_as_it_is(titles: list[list[str]]) -> None:
    document = Document(items=tuple(Item(title=" ".join(title)) for title in titles))
    assert righted(document, "bn") is document


@pytest.mark.parametrize("text", ["K¯", "K&", "<", "A¨", "†", "†KvK©", "K|", "Kv" * 3 + "¯"])
def test_twice_the_text_takes_about_twice_the_time(text: str) -> None:
    def seconds(times: int) -> float:
        document = Document(items=(Item(title=" ".join(TITLES), summary=text * times + "!"),))
        started = time.process_time()
        with suppress(ParseError):
            righted(document, "bn")
        return time.process_time() - started

    seconds(100)
    assert seconds(40_000) < 8 * max(seconds(10_000), 0.005)
