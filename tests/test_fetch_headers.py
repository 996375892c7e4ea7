from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch import headers

NOW = datetime(2025, 10, 16, 12, 0, tzinfo=UTC)
DATE = "Thu, 16 Oct 2025 11:00:00 GMT"


def fresh(
    *cache_control: str, expires: str | None = None, age: str | None = None, date: str | None = None
) -> int | None:
    found = headers.fresh_for(cache_control, expires, age, date, NOW)
    return None if found is None else int(found.total_seconds())


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("0", None),
        ("", None),
        ("tomorrow", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
    ],
)
def test_http_dates_are_read_in_all_three_forms(text: str, expected: datetime | None) -> None:
    assert headers.http_date(text) == expected


def test_max_age_less_age() -> None:
    assert fresh("max-age=600") == 600
    assert fresh("public, max-age=600, must-revalidate", age="100") == 500
    assert fresh("max-age=600", age="700") == 0
    assert fresh("max-age=600", age="-5") == 600
    assert fresh('max-age="600"') == 600
    assert fresh("MAX-AGE=600") == 600


def test_max_age_beats_expires() -> None:
    assert fresh("max-age=60", expires="Thu, 16 Oct 2025 20:00:00 GMT", date=DATE) == 60
    assert fresh("max-age=nonsense", expires="Thu, 16 Oct 2025 20:00:00 GMT", date=DATE) is None


def test_expires_is_measured_against_the_answers_own_date() -> None:
    assert fresh(expires="Thu, 16 Oct 2025 12:30:00 GMT", date=DATE) == 5400
    assert fresh(expires="Thu, 16 Oct 2025 12:30:00 GMT") == 1800
    assert fresh(expires="Thu, 16 Oct 2025 12:30:00 GMT", date=DATE, age="400") == 5000


def test_expires_that_is_past_or_no_date_is_no_wish() -> None:
    assert fresh(expires="0") is None
    assert fresh(expires="-1") is None
    assert fresh(expires="Thu, 01 Jan 1970 00:00:00 GMT", date=DATE) == 0


@pytest.mark.parametrize(
    "value", ["no-store", "no-cache", "max-age=600, no-cache", "private, no-store, max-age=9"]
)
def test_no_store_and_no_cache_mean_the_default(value: str) -> None:
    assert fresh(value) is None


def test_must_revalidate_alone_says_nothing() -> None:
    assert fresh("must-revalidate") is None
    assert fresh('no-cache="set-cookie", max-age=60') == 60


@pytest.mark.parametrize(
    "value, expected",
    [
        ("max-age=99999999999", 365 * 86400),
        ("max-age=" + "9" * 30, 365 * 86400),
        ("max-age=-5", None),
        ("max-age=1e9", None),
        ("max-age=", None),
        ("max-age", None),
        (",,,;max-age==", None),
    ],
)
def test_a_freshness_that_is_absurd_is_capped_or_ignored(value: str, expected: int | None) -> None:
    assert fresh(value) == expected


def test_of_two_headers_the_first_counts() -> None:
    assert fresh("max-age=60", "max-age=600") == 60


@pytest.mark.parametrize(
    "value, expected",
    [
        ("120", 120),
        (" 120 ", 120),
        ("1.5", 2),
        ("0", 0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Thu, 16 Oct 2025 11:02:00 GMT", 120),
        ("Thu, 16 Oct 2025 10:00:00 GMT", 0),
        ("317100", 317100),
        ("9" * 25, 365 * 86400),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, expected: int | None) -> None:
    found = headers.retry_after(value, DATE, NOW)
    assert (None if found is None else int(found.total_seconds())) == expected
    assert headers.retry_after(None, DATE, NOW) is None


@given(
    st.lists(st.text(max_size=40), max_size=3),
    st.text(max_size=40),
    st.text(max_size=20),
    st.text(max_size=40),
)
def test_no_header_raises_or_gives_a_negative_wait(
    control: list[str], expires: str, age: str, date: str
) -> None:
    for found in (
        headers.fresh_for(control, expires, age, date, NOW),
        headers.retry_after(expires, date, NOW),
    ):
        assert found is None or timedelta(0) <= found <= headers.LONGEST
