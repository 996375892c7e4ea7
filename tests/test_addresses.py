"""What two addresses of one page have in common."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.addresses import _general, canonical, is_aggregator

PAGE = "https://www.example.com/news/1"


def google_news(url: str) -> str:
    """An article's address as Google News wrote them until 2024: the page's own, in base64."""
    raw = b"\x08\x13\x22" + bytes([len(url)]) + url.encode() + b"\xd2\x01\x00"
    return f"https://news.google.com/rss/articles/{urlsafe_b64encode(raw).decode().rstrip('=')}?oc=5"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://Example.com/a/", "http://example.com:80/a"),
        ("https://example.com/a?utm_source=x&id=1", "https://example.com/a?id=1"),
        ("https://example.com/a?id=1&fbclid=z#top", "https://example.com/a?id=1"),
        ("https://example.com/a?b=2&a=1", "https://example.com/a?a=1&b=2"),
        ("https://example.com/%e0%a6%95", "https://example.com/%E0%A6%95"),
        ("https://example.com/ক", "https://example.com/%E0%A6%95"),
        ("https://www.bbc.com/news/x?at_medium=RSS&at_campaign=KARANGA", "https://www.bbc.com/news/x"),
        ("https://www.example.com/a?CMP=share_btn&ref=rss", "https://example.com/a"),
    ],
)
def test_addresses_of_one_page_are_one(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    "dressed",
    [
        "http://example.com/news/1",
        "https://m.example.com/news/1",
        "https://mobile.example.com/news/1/",
        "https://amp.example.com/news/1",
        "https://www.example.com/news/1/amp",
        "https://www.example.com/news/1/amp/",
        "https://www.example.com/news/1.amp",
        "https://www.example.com/amp/news/1",
        "https://www.example.com/news/1?amp=1",
        "https://www.example.com/news/1?outputType=amp",
        "https://www.example.com/news/1?output=amp",
        "https://www.google.com/amp/s/www.example.com/news/1",
        "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/news/1/amp?usqp=x",
    ],
)
def test_a_page_is_the_same_on_a_phone_and_as_amp(dressed: str) -> None:
    assert canonical(dressed) == canonical(PAGE)


@pytest.mark.parametrize(
    "wrapped",
    [
        "https://www.google.com/url?rct=j&sa=t&url=https://www.example.com/news/1&ct=ga",
        "https://www.google.com/url?q=https%3A%2F%2Fwww.example.com%2Fnews%2F1",
        "http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fwww.example.com%2fnews%2f1&c=9",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.example.com%2Fnews%2F1%3Ffbclid%3Dx&h=AT",
        "https://away.vk.com/away.php?to=https%3A%2F%2Fwww.example.com%2Fnews%2F1",
        "https://t.me/iv?url=https%3A%2F%2Fwww.example.com%2Fnews%2F1&rhash=0",
        "https://yandex.ru/turbo?text=https%3A%2F%2Fwww.example.com%2Fnews%2F1",
        "https://duckduckgo.com/l/?uddg=https%3A%2F%2Fwww.example.com%2Fnews%2F1",
        "https://out.reddit.com/t3_x?url=https%3A%2F%2Fwww.example.com%2Fnews%2F1&token=y",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%253A%252F%252Fwww.example.com%252Fnews%252F1",
        google_news("https://www.example.com/news/1"),
    ],
)
def test_a_redirector_stands_for_the_page_that_it_names(wrapped: str) -> None:
    assert canonical(wrapped) == canonical(PAGE)


def test_what_only_the_aggregator_knows_stays_its_own() -> None:
    later = "https://news.google.com/rss/articles/CBMiAUFVX3lxTE5fVGVzdA?oc=5"

    assert canonical(later) == "news.google.com/rss/articles/CBMiAUFVX3lxTE5fVGVzdA?oc=5"
    assert is_aggregator(later)
    assert not is_aggregator(PAGE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a?id=1", "https://example.com/a?id=2"),
        ("https://example.com/a", "https://example.com/A"),
        ("https://example.com/#!/a", "https://example.com/#!/b"),
        ("https://example.com:8080/a", "https://example.com/a"),
        ("https://example.com/a%2Fb", "https://example.com/a/b"),
        ("https://m.example/a", "https://example/a"),
        ("https://bn.example.com/a", "https://example.com/a"),
        (
            "https://example.com/read?url=https://a.example/1",
            "https://example.com/read?url=https://a.example/2",
        ),
        ("https://example.com/clamp", "https://example.com/cl"),
        ("https://10.0.0.1/a", "https://0.0.1/a"),
    ],
)
def test_addresses_of_two_pages_are_two(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("strange", ["", "urn:uuid:1", "https://[", "https://example.com:x/", "mailto:a@b"])
def test_what_is_no_address_of_the_web_stands_for_itself(strange: str) -> None:
    assert canonical(strange) == strange


@given(st.text(max_size=40), st.sampled_from(["", "https://example.com/", "https://m.example.com/url?q="]))
def test_any_text_has_a_canonical_form(tail: str, start: str) -> None:
    assert isinstance(canonical(start + tail), str)


_PIECES = (
    "https://", "http://", "HTTP://", "//", "/", "www.", "m.", "amp.", "example", ".com", ".", "..", "..co", "news.google.",
    "google.com", "x.cdn.ampproject.org", "1.2.3.4", "192", ":80", ":", "@", "amp", "/amp", "/amp/", ".amp.html", ".html",
    "url", "redirect", "a", "B", "-", "_", "~", "%41", "%e0", "ক", " ", "?", "?url=https://a.example/b", "#", "#!/x", ";a=1",
    "[", "\\", "\t", "&", "=",
)  # fmt: skip


@given(
    st.lists(st.sampled_from(_PIECES), max_size=8).map("".join),
    st.sampled_from(["https://example.com", "http://m.", ""]),
)
def test_the_short_way_gives_what_the_long_one_does(tail: str, start: str) -> None:
    url = (start + tail).strip()
    assert canonical(url) == _general(url)
