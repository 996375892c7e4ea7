"""What channels share: turns, series, cuts, words without secrets."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels._chat import Text, packed
from monitor.channels._pace import PATIENCE, Pace
from monitor.channels._series import Series
from monitor.channels._text import counter, cut, said, starred
from monitor.errors import DeliveryError, DeliveryReason
from monitor.model import Secret
from tests.receivers import Heard


async def test_turns_are_a_gap_apart_and_the_first_does_not_wait() -> None:
    heard = Heard()
    pace = Pace(timedelta(seconds=1), heard.pause)
    for _ in range(5):
        await pace.turn()
    assert [round(wait) for wait in heard.pauses] == [1, 2, 3, 4]


async def test_without_a_gap_nobody_waits() -> None:
    heard = Heard()
    pace = Pace(timedelta(), heard.pause)
    for _ in range(1_000):
        await pace.turn()
    assert heard.pauses == []


async def test_who_would_wait_long_is_sent_away_each_to_a_later_time() -> None:
    heard = Heard()
    pace = Pace(timedelta(seconds=1), heard.pause)
    turns = await asyncio.gather(*(pace.turn() for _ in range(100)), return_exceptions=True)
    late = [turn for turn in turns if isinstance(turn, DeliveryError)]
    assert {(error.reason, error.retryable) for error in late} == {(DeliveryReason.RATE_LIMITED, True)}
    waits = [error.retry_after.total_seconds() for error in late if error.retry_after is not None]
    assert len(heard.pauses) == int(PATIENCE)
    assert [round(wait) for wait in waits] == list(range(22, 22 + len(waits)))


async def test_told_to_wait_nobody_goes_not_even_who_stood_in_the_queue() -> None:
    pace: Pace

    async def meanwhile(seconds: float) -> None:
        pace.hold(timedelta(seconds=9))

    pace = Pace(timedelta(seconds=1), meanwhile)
    await pace.turn()
    with pytest.raises(DeliveryError) as caught:
        await pace.turn()
    assert caught.value.retry_after is not None
    assert 7 < caught.value.retry_after.total_seconds() <= 9


async def test_a_series_goes_on_where_it_failed_and_forgets_when_it_is_through() -> None:
    series, sent = Series[str](), list[tuple[str, int]]()
    trouble = [DeliveryError(DeliveryReason.SERVER, "no", retryable=True, retry_after=timedelta(seconds=3))]

    async def send(post: str, before: Sequence[str]) -> str:
        if post == "c" and trouble:
            raise trouble.pop()
        sent.append((post, len(before)))
        return post.upper()

    with pytest.raises(DeliveryError, match="part 3 of 4: no") as caught:
        await series.send("m", "abcd", send)
    assert caught.value.retry_after == timedelta(seconds=3)
    assert await series.send("m", "abcd", send) == ["A", "B", "C", "D"]
    assert sent == [("a", 0), ("b", 1), ("c", 2), ("d", 3)]
    assert await series.send("m", "ab", send) == ["A", "B"]


async def test_a_series_that_was_cut_off_goes_on_too() -> None:
    series, sent = Series[str](), list[str]()

    async def send(post: str, before: Sequence[str]) -> str:
        if post == "b" and "b" not in sent:
            sent.append(post)
            await asyncio.Event().wait()
        sent.append(post)
        return post

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await series.send("m", "abc", send)
    assert await series.send("m", "abc", send) == ["a", "b", "c"]
    assert sent == ["a", "b", "b", "c"]


@given(st.lists(st.integers(1, 9), max_size=40), st.integers(5, 20))
def test_what_is_packed_is_all_there_in_order_in_groups_that_fit(sizes: list[int], limit: int) -> None:
    groups = packed(sizes, lambda group: sum(group) <= limit)
    assert [size for group in groups for size in group] == sizes
    assert all(sum(group) <= limit or len(group) == 1 for group in groups)


def test_what_belongs_together_is_packed_together_where_it_fits() -> None:
    groups = packed(["head", "a", "b", "foot"], lambda g: len(g) <= 3, lambda one, other: other == "foot")
    assert groups == [["head", "a"], ["b", "foot"]]


@given(st.text(alphabet="কখ্‍িাা́e😀 ab", max_size=40), st.integers(0, 30))
def test_a_cut_keeps_the_limit_and_tears_no_letter(text: str, limit: int) -> None:
    for size in (len, lambda piece: len(piece.encode())):
        short = cut(text, limit, size)
        assert size(short) <= limit or short == ""
        if short != text and short:
            rest = text[len(short) - 1 :].lstrip() if short == "…" else text[len(short) - 1 :]
            assert short.endswith("…")
            assert not rest or category(rest[0])[0] != "M" or len(short) == 1


def test_a_text_is_shortened_with_its_marks() -> None:
    text = Text("Trump met Putin", ((0, 5), (10, 15)))
    assert list(text.pieces()) == [("Trump", True), (" met ", False), ("Putin", True)]
    assert text.cut(13) == Text("Trump met Pu…", ((0, 5), (10, 12)))
    assert text.cut(9).marks == ((0, 5),)


def test_parts_are_counted_in_the_readers_digits() -> None:
    assert (counter(2, 13, "bn-IN"), counter(2, 13, "en")) == ("২/১৩", "2/13")


@pytest.mark.parametrize(
    ("secret", "echo", "hidden"),
    [
        ("hush-hush", "no hush-hush", "hush"),
        ("hush-hush", f"AUTH {b64encode(b'hush-hush').decode()}", b64encode(b"hush-hush").decode()),
        ("https://hooks.example/services/T000/B000/XXXX1234", "unknown token XXXX1234", "XXXX1234"),
        ("https://u:pass%20word@h.example/x", "pass%20word is wrong", "pass"),
        ("https://user:password@h.example/x", f"Basic {b64encode(b'user:password').decode()}", "dXNlcjpw"),
        ("https://h.example/?sig=a%2Fb%3D12345", "sig=a%2Fb%3D12345", "12345"),
        ("whsec_c2VjcmV0c2VjcmV0", "key c2VjcmV0c2VjcmV0", "c2Vj"),
        ("one-secret another-secret", "is it another-secret?", "another"),
        ("12345:AAbbCC/dd", "bot12345%3AAAbbCC%2Fdd", "AAbb"),
    ],
)
def test_a_secret_is_struck_out_in_every_form_it_may_come_back_in(
    secret: str, echo: str, hidden: str
) -> None:
    assert "***" in starred(echo, (Secret(secret),))
    assert hidden not in said(echo, (Secret(secret),))
