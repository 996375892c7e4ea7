"""The readers of feeds, where the corpus does not reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import ParseError, ParseReason
from monitor.formats import _common, _feedparser
from monitor.formats._root import root_of
from monitor.formats.json import Format as JsonFormat
from monitor.formats.sitemap import Format as SitemapFormat
from monitor.formats.sitemapindex import Format as IndexFormat
from monitor.model import Document, Item, Part
from tests.formats_kit import name_of, quick, read, rss

URL = "https://example.org/feed.xml"


def one(inside: str) -> Item:
    """Return the item of a document that holds one."""
    (item,) = read(rss(f"<item>{inside}</item>"), "", url=URL).items
    return item


@pytest.mark.parametrize(
    "body, reason",
    [
        (b"", ParseReason.EMPTY),
        (b" \r\n\xef\xbb\xbf", ParseReason.EMPTY),
        (b"<!DOCTYPE html><html><body>Access denied</body></html>", ParseReason.HTML),
        (b"<!-- cached --><HTML><head>", ParseReason.HTML),
        (
            b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"><html/>',
            ParseReason.HTML,
        ),
        (b"Access denied", ParseReason.NOT_A_FEED),
        (b"/etc/passwd", ParseReason.NOT_A_FEED),
        (b"http://127.0.0.1/", ParseReason.NOT_A_FEED),
        (b'<?xml version="1.0"?><opml version="2.0"><body/></opml>', ParseReason.NOT_A_FEED),
    ],
)
def test_what_is_no_feed_has_a_reason(body: bytes, reason: ParseReason) -> None:
    with pytest.raises(ParseError) as refused:
        read(body, "text/html", url=URL)
    assert refused.value.reason is reason


ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{}</feed>'
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    "<channel><title>t</title></channel>{}</rdf:RDF>"
)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b" \r\n\t",
        b"\xef\xbb\xbf",
        b'\xef\xbb\xbf<?xml version="1.0" encoding="windows-1251"?>\n',
        b"<!-- <feed> <html> <rss> --><?xml-stylesheet href='>'?>\n<!---->",
        b"<!-- " + b"licence " * 2000 + b"-->",
        b"<!DOCTYPE any PUBLIC \"-//Netscape Communications//DTD RSS 0.91//EN\" 'rss-0.91.dtd'>",
    ],
)
def test_each_kind_is_known_by_its_first_element_whatever_stands_before_it(start: bytes) -> None:
    assert root_of(start + b"<rss version='2.0'>") == root_of(start + b"<x-1.a:rss/>") == b"rss"
    for inside, name in ((rss("", declaration="").decode(), "rss"), (RDF, "rdf"), (ATOM, "atom")):
        assert name_of(start + inside.encode()) == name
    assert name_of(start + b"<urlset>") == "sitemap"
    assert name_of(start + b"<sitemapindex\n>") == "sitemapindex"


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_kind_is_known_in_two_or_four_bytes_a_character(charset: str) -> None:
    for text, name in ((f'<?xml version="1.0"?>{RDF}', "rdf"), (f"<!-- a -->{ATOM}", "atom")):
        assert name_of(text.encode(charset)) == name
        document = quick(text.format("").encode(charset), "", url=URL, charset=charset)
        assert document is not None
        assert (document.format, document.path) == (name, "strict")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"rss",
        b"<rss",
        b"<RSS version='0.91'>",
        b"<br/><b>Warning</b>: include(x)<rss version='2.0'>",
        b"<!DOCTYPE html><rss version='2.0'>",
        b"<!doctype\n HTML PUBLIC 'x'><rss>",
        b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss version='2.0'>",
        b"<rss:feed-2>",
        b"<!-- never closed <rss> ",
        b"<?xml <rss> ",
    ],
)
def test_what_does_not_begin_with_a_known_element_goes_to_the_last_reader(body: bytes) -> None:
    assert name_of(body) == "other"


@pytest.mark.parametrize("filler", [b" ", b"<!---->", b"<??>", b"\xef\xbb\xbf", b"<!DOCTYPE a>"])
def test_no_prologue_is_gone_through_for_long(filler: bytes) -> None:
    assert root_of(filler * (19_000 // len(filler)) + b"<rss>") == b"rss"
    assert root_of(filler * (20_000 // len(filler) + 1) + b"<rss>") == b""


@pytest.mark.parametrize(
    "inside", ["<entry><foo>x</foo></entry>", "<entry><summary src='x'>x</summary></entry>"]
)
def test_an_element_that_atom_does_not_know_is_left_to_feedparser(inside: str) -> None:
    body = ATOM.format(inside).encode()
    assert quick(body, "", url=URL) is None
    assert read(body, "", url=URL).format == "atom"


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss(""), "", url=URL).items == ()


def test_a_body_that_is_a_path_opens_no_file() -> None:
    with pytest.raises(ParseError):
        read(__file__.encode(), "", url=URL)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE rss [<!ENTITY xxe SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!-- <rss> --><!DOCTYPE rss [<!ENTITY xxe "expanded">]>',
    ],
)
def test_a_doctype_is_declined_by_the_strict_path_and_expands_nothing(head: str) -> None:
    body = rss("<item><title>&xxe;</title><guid>1</guid></item>", head)
    assert quick(body, "", url=URL) is None
    for item in read(body, "", url=URL).items:
        assert item.title in ("", "&xxe;", "expanded")


@pytest.mark.parametrize(
    "inside",
    [
        "<title>a & b</title>",
        "<title>a &nbsp; b</title>",
        "<title>a <b>c</b></title>",
        "<title>one</title><title>two</title>",
        "<summary>x</summary>",
        '<description type="xhtml">x</description>',
        '<media:description xmlns:media="http://search.yahoo.com/mrss/">x</media:description>',
        '<link xmlns="http://www.w3.org/2005/Atom" href="/x"/>',
        '<x:summary xmlns:x="http://www.w3.org/2005/Atom">x</x:summary>',
        "&x;",
    ],
)
def test_what_could_mean_two_things_is_left_to_feedparser(inside: str) -> None:
    body = rss(f"<item>{inside}<guid>1</guid></item>")
    assert quick(body, "", url=URL) is None
    assert read(body, "", url=URL).path == "feedparser"


def test_a_guid_is_the_link_only_if_it_is_a_permalink() -> None:
    assert one("<title>x</title><guid>https://example.org/1</guid>").link == "https://example.org/1"
    assert one('<title>x</title><guid isPermaLink="false">https://example.org/1</guid>').link == ""
    assert one("<title>x</title><guid>12</guid>") == Item(guid="12", link="https://example.org/12", title="x")


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "file:///etc/passwd",
     " vbscript:x", "feed:x", "mailto:a@b.c"],
)  # fmt: skip
def test_a_link_that_is_no_web_address_is_none(link: str) -> None:
    assert one(f"<title>x</title><link>{link}</link>").link == ""


def test_titles_and_texts_are_unescaped_once() -> None:
    item = one(
        "<title>A &amp;lt;b&amp;gt; &amp;amp; C</title><description>&lt;p&gt;x &amp;amp; y&lt;/p&gt;</description>"
    )
    assert item.title == "A &lt;b&gt; &amp; C"
    assert item.summary == "<p>x &amp; y</p>"


def test_text_that_was_encoded_twice_is_mended() -> None:
    twisted = "Orbán és Putyin".encode().decode("latin-1")
    for body in (
        rss(f"<item><title>{twisted}</title></item>"),
        rss(f"<item><title>{twisted} & x</title></item>"),
    ):
        assert read(body, "", url=URL).items[0].title.startswith("Orbán és Putyin")


def test_more_than_two_thousand_items_are_cut() -> None:
    body = rss("".join(f"<item><guid>{i}</guid></item>" for i in range(2500)))
    assert len(read(body, "", url=URL).items) == 2000


def test_dublin_core_dates_outside_atom_are_the_publication() -> None:
    date = '<dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">2025-10-16</dc:date>'
    item = one(f"<title>x</title>{date}")
    assert item.published is not None
    assert item.updated is None


@pytest.mark.parametrize(
    "text, expected",
    [
        ("A. Writer", "A. Writer"),
        ("a@example.org (A. Writer)", "A. Writer"),
        ("A. Writer <a@example.org>", "A. Writer"),
        ("a@example.org", "a@example.org"),
        ("@handle", "@handle"),
    ],
)
def test_an_author_is_a_name_where_there_is_one(text: str, expected: str) -> None:
    assert _common.author_name(text) == expected


@pytest.mark.parametrize(
    "minutes, period, frequency, expected",
    [
        ("60", "", "", 3600),
        ("", "daily", "4", 6 * 3600),
        ("60", "daily", "1", 86400),
        ("0", "", "", None),
        ("-5", "", "", None),
        ("soon", "minutely", "1", None),
        ("", "always", "", None),
        ("", "hourly", "0", 3600),
        ("9" * 50, "", "", 525_600 * 60),
    ],
)
def test_a_wish_for_time_between_polls(
    minutes: str, period: str, frequency: str, expected: int | None
) -> None:
    assert _common.ttl(minutes, period, frequency) == (timedelta(seconds=expected) if expected else None)


def test_skipped_hours_and_days_are_found_on_both_paths() -> None:
    wishes = "<skipHours><hour>0</hour><hour>24</hour><hour>x</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    for body in (rss(wishes), rss(f"{wishes}<item><title>a & b</title></item>")):
        document = read(body, "", url=URL)
        assert (document.skip_hours, document.skip_days) == (frozenset({0}), frozenset({6}))


@pytest.mark.parametrize(
    "body, reason",
    [
        (b"{", ParseReason.BROKEN),
        (b'{"version": 1}', ParseReason.NOT_A_FEED),
        (b'{"items": []}', ParseReason.NOT_A_FEED),
        (b'{"a":' * 100_000, ParseReason.TOO_COSTLY),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "\xff"}]}', ParseReason.BROKEN),
    ],
)
def test_json_that_is_no_feed_has_a_reason(body: bytes, reason: ParseReason) -> None:
    with pytest.raises(ParseError) as refused:
        JsonFormat().parse(body, "", url=URL)
    assert refused.value.reason is reason


def test_odd_json_items_are_passed_over() -> None:
    body = b'{"version": "https://jsonfeed.org/version/1", "items": [1, null, {"id": true, "tags": "x", "author": 5, "title": "\\ud800"}]}'
    document = JsonFormat().parse(body, "", url=URL)
    assert document == Document(format="json", path="json", items=(Item(title="?"),))


def test_feedparser_alone_reads_what_it_is_given() -> None:
    assert _feedparser.read(rss("<item><title>x</title></item>"), "", url=URL).items[0].title == "x"


# sitemaps ─────────────────────────────────────────────────────────────────────────────────────

BENGALI = "ট্রাম্প ও পুতিনের বৈঠক নিয়ে জল্পনা"
NEWS_SITEMAP = f"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="https://example.org/s.xsl"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url>
    <loc>https://example.org/bn/1?a=1&amp;b=2</loc><lastmod>2026-01-05T09:00:00+06:00</lastmod>
    <news:news>
      <news:publication><news:name>উদাহরণ</news:name><news:language>bn</news:language></news:publication>
      <news:publication_date>2026-01-05T08:30:00+06:00</news:publication_date>
      <news:title>{BENGALI}</news:title>
      <news:keywords>ট্রাম্প, পুতিন</news:keywords>
    </news:news>
    <image:image><image:loc>https://example.org/1.jpg</image:loc></image:image>
  </url>
  <url>
    <loc>https://example.org/bn/2</loc>
    <news:news>
      <news:publication><news:name>উদাহরণ</news:name><news:language>bn</news:language></news:publication>
      <news:publication_date>2026-01-05</news:publication_date>
      <news:title><![CDATA[দ্বিতীয় & শেষ]]></news:title>
    </news:news>
  </url>
</urlset>""".encode()


def test_a_news_sitemap_is_a_feed_the_newest_first() -> None:
    assert SitemapFormat().sniff(NEWS_SITEMAP, "")
    document = SitemapFormat().parse(NEWS_SITEMAP, "", url=URL)
    assert (document.title, document.language, document.format) == ("উদাহরণ", "bn", "sitemap")
    first, second = document.items
    assert (first.title, first.link) == (BENGALI, "https://example.org/bn/1?a=1&b=2")
    assert first.published == datetime(2026, 1, 5, 2, 30, tzinfo=UTC)
    assert first.updated is None or first.updated > first.published
    assert first.tags == ("ট্রাম্প", "পুতিন")
    assert (second.title, second.published) == ("দ্বিতীয় & শেষ", datetime(2026, 1, 5, tzinfo=UTC))


def test_a_sitemap_in_a_quiet_hour_is_an_empty_feed_and_one_of_pages_is_none() -> None:
    empty = b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>'
    assert SitemapFormat().parse(empty, "", url=URL).items == ()
    with pytest.raises(ParseError) as refused:
        SitemapFormat().parse(
            empty.replace(b"></", b"><url><loc>https://a.example/</loc></url></"), "", url=URL
        )
    assert refused.value.reason is ParseReason.NOT_A_FEED


def test_an_index_names_its_sitemaps() -> None:
    body = b"""<!-- made today --><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
      <sitemap><loc>https://example.org/news.xml</loc><lastmod>2026-01-05T02:00:00Z</lastmod></sitemap>
      <sitemap><loc>/old.xml</loc></sitemap><sitemap><loc>javascript:alert(1)</loc></sitemap><sitemap/>
    </sitemapindex>"""
    assert IndexFormat().sniff(body, "")
    assert not SitemapFormat().sniff(body, "")
    assert IndexFormat().parse(body, "", url=URL).parts == (
        Part(url="https://example.org/news.xml", updated=datetime(2026, 1, 5, 2, tzinfo=UTC)),
        Part(url="https://example.org/old.xml"),
    )


@pytest.mark.parametrize("kind", ["urlset", "sitemapindex"])
def test_a_sitemap_with_a_doctype_or_ill_formed_is_refused(kind: str) -> None:
    reader = SitemapFormat() if kind == "urlset" else IndexFormat()
    for body in (f"<!DOCTYPE x [<!ENTITY e 'x'>]><{kind}>&e;</{kind}>", f"<{kind}><url></{kind}>"):
        with pytest.raises(ParseError) as refused:
            reader.parse(body.encode(), "", url=URL)
        assert refused.value.reason is ParseReason.BROKEN
