"""Who of a story speaks for themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.model import Entry, Link, LinkKind
from monitor.sources import independent

NOW = datetime(2025, 10, 16, 18, tzinfo=UTC)


def an_entry(name: str, source: str, minutes: int = 0) -> Entry:
    return Entry(
        id=name,
        url=f"https://example.com/{name}",
        first_seen=NOW + timedelta(minutes=minutes),
        source=source,
        feed_url="https://example.com/rss",
    )


def a_copy(name: str, of: str, kind: LinkKind = LinkKind.COPY, veto: str = "") -> Link:
    return Link(entry_id=name, other_id=of, kind=kind, veto=veto)


def test_outlets_that_wrote_themselves_are_sources_of_their_own() -> None:
    entries = [an_entry("b", "Dakghor", 2), an_entry("a", "Gangchil", 1)]

    assert independent(entries, [a_copy("b", "a", LinkKind.LIKE)]) == (("a",), ("b",))


def test_an_agencys_copy_is_one_source_however_many_carry_it() -> None:
    entries = [an_entry(name, f"Outlet {name}") for name in "abcd"]

    assert independent(entries, [a_copy("b", "a"), a_copy("c", "b")]) == (("a", "b", "c"), ("d",))


def test_copies_of_what_the_store_dropped_are_still_one_source() -> None:
    entries = [an_entry("b", "Dakghor"), an_entry("c", "Gangchil")]

    assert independent(entries, [a_copy("b", "a"), a_copy("c", "a")]) == (("b", "c"),)


def test_one_publisher_is_one_source_in_all_its_feeds() -> None:
    entries = [an_entry("a", "Dakghor"), an_entry("b", "Dakghor"), an_entry("c", "Gangchil")]

    assert independent(entries, []) == (("a", "b"), ("c",))


def test_a_refused_link_makes_nothing_a_copy() -> None:
    entries = [an_entry("a", "Dakghor"), an_entry("b", "Gangchil")]

    assert len(independent(entries, [a_copy("b", "a", veto="number: 2 ≠ 3")])) == 2
