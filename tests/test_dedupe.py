"""What is new, what was edited, where it was seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.dedupe import candidates, dedupe, identities, length, marks
from monitor.model import Document, Entry, Feed, Fresh, Item, Known

NOW = datetime(2025, 10, 16, 12, tzinfo=UTC)
FEED = Feed(url="https://example.com/rss", source="Example", language="bn")


class Memory:
    """What a store would remember."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        self.entries: dict[str, Entry] = {}

    def see(self, *items: Item, feed: Feed = FEED, now: datetime = NOW) -> Fresh:
        document = Document(items=items)
        found = candidates(document, feed)
        asked = identities(found)
        fresh = dedupe(found, document, feed, {k: v for k, v in self.known.items() if k in asked}, now=now)
        for entry in (*fresh.entries, *fresh.revised):
            self.entries[entry.id] = entry
        for sighting in fresh.sightings:
            entry = self.entries[sighting.entry_id]
            old = self.known.get(entry.id)
            self.known[entry.id] = Known(
                id=entry.id,
                guid=entry.guid,
                revision=entry.revision,
                length=length(entry),
                first_seen=entry.first_seen,
                fingerprints={
                    **(old.fingerprints if old else {}), sighting.feed_url: sighting.fingerprint
                },
            )  # fmt: skip
        return fresh


def an_item(**fields: object) -> Item:
    given: dict[str, object] = {
        "link": "https://example.com/1",
        "guid": "1",
        "title": "ট্রাম্প–পুতিন বৈঠক বুদাপেস্টে",
    }
    return Item(**{**given, **fields})  # type: ignore[arg-type]


def test_an_item_seen_again_is_not_new() -> None:
    memory = Memory()

    assert len(memory.see(an_item()).entries) == 1
    assert memory.see(an_item()) == Fresh()


def test_a_guid_that_changes_for_the_same_link_is_the_same_entry() -> None:
    memory = Memory()
    memory.see(an_item(guid="a"))

    assert memory.see(an_item(guid="b")) == Fresh()


def test_a_date_that_is_stamped_anew_changes_nothing() -> None:
    memory = Memory()
    memory.see(an_item(published=NOW))

    assert memory.see(an_item(published=NOW + timedelta(hours=3))) == Fresh()


def test_one_link_with_several_guids_is_several_entries() -> None:
    memory = Memory()
    live = [an_item(link="https://example.com/live", guid=str(n), title=f"Update {n}") for n in range(3)]

    assert len(memory.see(*live).entries) == 3
    assert memory.see(live[1]) == Fresh()


def test_an_item_keeps_its_identity_when_its_link_becomes_shared() -> None:
    memory = Memory()
    first, second = (an_item(link="https://example.com/live", guid=g, title=f"Update {g}") for g in "ab")
    memory.see(first)

    fresh = memory.see(first, second)

    assert [entry.guid for entry in fresh.entries] == ["b"]
    assert fresh.revised == ()
    assert memory.see(second) == Fresh()


def test_one_link_for_all_and_no_guid_is_told_apart_by_title_and_day() -> None:
    memory = Memory()
    items = [
        an_item(link="https://example.com/", guid="", title=f"Story {n}", published=NOW) for n in range(3)
    ]

    assert len(memory.see(*items).entries) == 3
    assert memory.see(items[2]) == Fresh()


def test_an_item_without_link_and_guid_is_known_by_title_and_day() -> None:
    memory = Memory()
    item = an_item(link="", guid="", published=NOW)

    assert len(memory.see(item).entries) == 1
    assert memory.see(replace(item, published=NOW + timedelta(hours=2))) == Fresh()
    assert len(memory.see(replace(item, published=NOW + timedelta(days=3))).entries) == 1


def test_an_item_without_anything_is_nothing() -> None:
    assert Memory().see(Item(), Item(title="  ")) == Fresh()


def test_the_same_link_in_two_feeds_is_one_entry_seen_twice() -> None:
    memory = Memory()
    memory.see(an_item())
    other = replace(FEED, url="https://example.com/world")

    fresh = memory.see(an_item(link="http://example.com/1/?utm_source=rss"), feed=other)

    assert fresh.entries == fresh.revised == ()
    assert [sighting.feed_url for sighting in fresh.sightings] == [other.url]


def test_an_edited_title_is_a_revision() -> None:
    memory = Memory()
    memory.see(an_item())

    (revised,) = memory.see(an_item(title="ট্রাম্প–পুতিন বৈঠক স্থগিত"), now=NOW + timedelta(hours=1)).revised

    assert (revised.revision, revised.first_seen) == (2, NOW)


def test_markup_that_changes_around_the_same_words_is_not_an_edit() -> None:
    memory = Memory()
    memory.see(an_item(summary="<p>Talks in <b>Budapest</b></p>"))

    fresh = memory.see(an_item(summary="<p class='x7f3'>Talks in <b>Budapest</b></p>"))

    assert fresh.revised == ()


def test_another_feed_with_more_text_brings_a_revision_and_one_with_less_does_not() -> None:
    memory = Memory()
    memory.see(an_item(summary="Talks."))
    full = replace(FEED, url="https://example.com/full")

    assert (
        len(memory.see(an_item(summary="Talks.", content="<p>" + "long text " * 30), feed=full).revised) == 1
    )
    assert (
        memory.see(an_item(summary="Talks."), feed=replace(FEED, url="https://example.com/3")).revised == ()
    )


def test_a_feed_s_configured_language_beats_what_the_document_says() -> None:
    (entry,) = Memory().see(an_item(language="en")).entries

    assert entry.language == "bn"


@pytest.mark.parametrize(
    ("item", "document", "title", "expected"),
    [
        ("", "", "ট্রাম্প–পুতিন বৈঠক বুদাপেস্টে", "bn"),
        ("", "en-US", "ট্রাম্প–পুতিন বৈঠক বুদাপেস্টে", "bn"),
        ("", "en-GB", "Trump to meet Putin in Budapest", "en-GB"),
        ("hu", "en", "Budapest", "hu"),
        ("", "", "Putin", "hu"),
        ("", "", "17", "hu"),
    ],
)
def test_where_the_desk_names_no_language_the_words_decide(
    item: str, document: str, title: str, expected: str
) -> None:
    """WordPress says en-US of Bengali papers; a short headline speaks as its neighbours do."""
    feed = replace(FEED, language="und")
    neighbours = [
        Item(link=f"https://example.com/{n}", title=f"A miniszterelnök szerint a csúcs {n} nap múlva lesz")
        for n in range(5, 9)
    ]
    found = Document(items=(an_item(title=title, language=item), *neighbours), language=document)
    fresh = dedupe(candidates(found, feed), found, feed, {}, now=NOW)

    assert fresh.entries[0].language == expected


@given(st.text())
def test_any_text_can_stand_where_a_link_should(link: str) -> None:
    Memory().see(an_item(link=link))


@given(
    st.lists(
        st.builds(
            Item,
            link=st.sampled_from(
                ["", "https://example.com/1", "https://example.com/2", "https://example.com/"]
            ),
            guid=st.sampled_from(["", "a", "b", "c"]),
            title=st.sampled_from(["", "One", "Two", "Three"]),
        ),
        max_size=6,
    )
)
def test_a_document_seen_twice_brings_nothing_the_second_time(items: list[Item]) -> None:
    memory = Memory()
    memory.see(*items)

    assert memory.see(*items).entries == ()


def test_a_mark_changes_with_text_link_and_guid_and_not_with_dates() -> None:
    item = Item(link="https://x.example/a", guid="1", title="One", summary="Two", content="Three")
    mark = marks(Document(items=(item,)))[0]
    for change in ({"link": "b"}, {"guid": "2"}, {"title": "x"}, {"summary": "x"}, {"content": "x"}):
        assert marks(Document(items=(replace(item, **change),)))[0] != mark  # type: ignore[arg-type]
    assert marks(Document(items=(replace(item, published=NOW, updated=NOW),)))[0] == mark


def test_what_was_absorbed_before_is_no_candidate_but_still_shares_its_link() -> None:
    items = tuple(Item(link="https://x.example/live", guid=str(n), title=f"Part {n}") for n in range(3))
    whole = candidates(Document(items=items), FEED)
    rest = candidates(Document(items=items), FEED, absorbed={0, 1})
    assert rest == whole[2:]
    assert rest[0].shared


def test_an_aggregator_s_entry_is_by_the_outlet_it_names() -> None:
    link = "https://news.google.com/rss/articles/CBMiXYZ?oc=5"
    named, other = (
        Memory().see(replace(an_item(title=title), link=link)).entries[0]
        for title in (
            "Summit postponed - The Meridian Courier",
            "A headline without a name",
        )
    )

    assert named.source == "The Meridian Courier"
    assert other.source == "Example"


def test_the_same_page_at_an_aggregator_and_at_home_is_one_entry() -> None:
    memory = Memory()
    memory.see(replace(an_item(), link="https://www.example.com/news/1"))

    wrapped = replace(
        an_item(guid="other"), link="https://www.google.com/url?q=https://m.example.com/news/1/amp&sa=D"
    )
    again = memory.see(wrapped, feed=replace(FEED, url="https://aggregator.example/rss"))

    assert (again.entries, len(again.sightings)) == ((), 1)
