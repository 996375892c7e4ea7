from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.formats._dates import parse_date

VECTORS = Path(__file__).parents[2] / "shared" / "data" / "date_vectors.json"


def utc(text: str) -> str | None:
    """Return what a date means, short."""
    found = parse_date(text)
    return None if found is None else f"{found:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Thu, 16 Oct 2025 22:05:00 +0600", "2025-10-16 16:05:00"),
        ("Thu, 16 Oct 2025 22:05 GMT", "2025-10-16 22:05:00"),
        ("16 Oct 2025 22:05:00 UT", "2025-10-16 22:05:00"),
        ("2025-10-16T22:05:00+06:00", "2025-10-16 16:05:00"),
        ("2025-10-16T22:05:00.123456789Z", "2025-10-16 22:05:00"),
        ("2025-10-16 22:05:00", "2025-10-16 22:05:00"),
        ("20251016T220500Z", "2025-10-16 22:05:00"),
        ("2025-10-16T24:00:00Z", "2025-10-17 00:00:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31 23:59:59"),
        ("1760623500", "2025-10-16 14:05:00"),
        ("1760623500000", "2025-10-16 14:05:00"),
    ],
)
def test_the_standards_are_read(text: str, expected: str) -> None:
    assert utc(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("১৭ অক্টোবর ২০২৫, সকাল ৯:৩০", "2025-10-17 03:30:00"),
        ("আপডেটঃ\n      ০৬ জুন ২০২৬ | ০৭:০৭", "2026-06-06 01:07:00"),
        ("১৬ অক্টোবর ২০২৫, রাত ১০:৩০", "2025-10-16 16:30:00"),
        ("শুক্রবার, ১৭ অক্টোবর ২০২৫ ১৪:০৫ +0530", "2025-10-17 08:35:00"),
        ("প্রকাশ: ১ জানুয়ারি ২০২৬, দুপুর ১২:১৫", "2026-01-01 06:15:00"),
        ("16 октября 2025, 14:05 +0300", "2025-10-16 11:05:00"),
        ("Чт, 16 окт. 2025 14:05:00 MSK", "2025-10-16 11:05:00"),
        ("16 жовтня 2025 14:05", "2025-10-16 14:05:00"),
        ("2025. október 16. 14:05 +0200", "2025-10-16 12:05:00"),
        ("2025. okt. 16., csütörtök 14:05 CEST", "2025-10-16 12:05:00"),
        ("Do., 16. Okt. 2025 14:05 Uhr", "2025-10-16 14:05:00"),
        ("jeudi 16 octobre 2025 à 14h05", "2025-10-16 14:05:00"),
        ("2025년 10월 16일 오후 2:05", "2025-10-16 05:05:00"),
        ("16 października 2025, 14:05", "2025-10-16 14:05:00"),
    ],
)
def test_other_languages_digits_and_clocks_are_read(text: str, expected: str) -> None:
    assert utc(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("04/05/2025", "2025-04-05 00:00:00"),
        ("04.05.2025", "2025-05-04 00:00:00"),
        ("Sun, 04/05/2025", "2025-05-04 00:00:00"),
        ("25/12/2025", "2025-12-25 00:00:00"),
        ("2025/12/25 08:00 PM", "2025-12-25 20:00:00"),
    ],
)
def test_where_day_and_month_could_change_places_there_is_a_rule(text: str, expected: str) -> None:
    assert utc(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "soon",
        "Thu, 16 Oct 2025 25:05:00 GMT",
        "Thu, 16 Oct 2025 10:61:00 GMT",
        "Thu, 32 Oct 2025 10:01:00 GMT",
        "2025-02-30",
        "2025-10-16T10:00:00+99:99",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0",
        "1" * 200_000,
        "16 Octember 2025",
        "10:00",
        "Thu, 16 Oct 2025 10:00:00 Nowhere/Atall",
        "Thu, 16 Oct 2025 1:2:3:4",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_what_is_not_understood_is_no_date(text: str) -> None:
    assert utc(text) is None


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared research data is not next to the checkout")
def test_the_date_strings_of_other_readers_tests_are_read() -> None:
    wrong = []
    for vector in json.loads(VECTORS.read_text("utf-8")):
        found = parse_date(vector["input"])
        if "expected" in vector:
            good = found is not None
        elif vector["expected_ts"] is None:
            good = found is None
        else:
            epoch = datetime(1970, 1, 1, tzinfo=UTC)
            good = found is not None and (found - epoch).total_seconds() == vector["expected_ts"]
        if not good:
            wrong.append((vector["input"], str(found)))
    assert not wrong


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), st.sampled_from(["iso", "rfc", "words"]))
def test_a_date_that_was_written_is_read_back(moment: datetime, how: str) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    text = {
        "iso": moment.isoformat(),
        "rfc": f"{moment:%a, %d %b %Y %H:%M:%S GMT}",
        "words": f"{moment:%A, %B %d, %Y at %I:%M:%S %p UTC}",
    }[how]
    assert parse_date(text) == moment


@given(st.text(max_size=80))
def test_any_text_is_a_moment_in_utc_or_none(text: str) -> None:
    found = parse_date(text)
    assert found is None or found.utcoffset() == UTC.utcoffset(None)


@given(st.text(alphabet="0123456789:-/., TZ+aApPmMjanJAN২৫é", max_size=40))
def test_text_like_a_date_is_a_moment_in_utc_or_none(text: str) -> None:
    found = parse_date(text)
    assert found is None or found.tzinfo is UTC


DAYS = st.sampled_from(["1", "01", "16", "28", "31", "32", "00", "9", "১৬"])
YEARS = st.sampled_from(["2025", "2024", "1970", "0000", "0001", "9999", "25", "২০২৫"])
TIMES = st.sampled_from(
    ["00:00", "12:30:00", "23:59:59", "23:59:60", "24:00:00", "24:00:01", "25:00", "12:60:00", "12:00:00.5"]
)
ZONES = st.sampled_from(["GMT", "UTC", "UT", "Z", "+0000", "-0000", "+0600", "-0330", "+2359", "+2400", "+0060", "+0099", "-9999", "+06:00", "-03:30", "+24:00", "", "EST"])  # fmt: skip


@given(
    st.sampled_from(["Thu, ", "Xyz, ", "", "thu,", "Thursday, "]),
    DAYS,
    st.sampled_from(["Jan", "Feb", "Oct", "OCT", "oct", "Okt", "Foo", "May", "Mai"]),
    YEARS,
    TIMES,
    ZONES,
)
def test_the_short_way_gives_what_the_long_way_gives(
    weekday: str, day: str, month: str, year: str, clock: str, zone: str
) -> None:
    """A date with a tab before it is not taken for a usual one."""
    for text in (f"{weekday}{day} {month} {year} {clock} {zone}", f"{year}-02-{day}T{clock}{zone}"):
        assert parse_date(text) == parse_date(f"\t{text}")
