"""The characters of feeds: encodings that are not what they say, and text that was encoded once too often."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from monitor.errors import ParseError
from monitor.formats import _common
from tests.formats_kit import quick, read, rss

URL = "https://example.org/feed.xml"
RUSSIAN = "Президенты договорились о встрече в Будапеште, сообщил пресс-секретарь Кремля"
BENGALI = "ট্রাম্প ও পুতিনের বৈঠক নিয়ে জল্পনা"
HUNGARIAN = "Őszi csúcstalálkozó: Budapesten tárgyal a két elnök, közölte a külügyminiszter"


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r", "utf-16"])
def test_a_desk_can_say_which_charset_a_feed_is_in(charset: str) -> None:
    body = rss("<item><title>Путин</title></item>", declaration="").decode().encode(charset)
    assert read(body, "text/xml; charset=us-ascii", url=URL, charset=charset).items[0].title == "Путин"


@pytest.mark.parametrize("declared", ["iso-8859-1", "us-ascii", "windows-1252"])
def test_what_is_utf8_is_read_as_utf8_whatever_it_declares(declared: str) -> None:
    body = rss("<item><title>পুতিন</title></item>", declaration=f'<?xml version="1.0" encoding="{declared}"?>')
    assert read(body, "", url=URL).items[0].title == "পুতিন"


def test_a_charset_of_the_header_alone_counts() -> None:
    body = rss("<item><title>Путин</title></item>").decode().encode("windows-1251")
    document = read(body, "application/xml; charset=windows-1251", url=URL)
    assert (document.path, document.items[0].title) == ("strict", "Путин")


def test_utf16_is_read() -> None:
    body = rss("<item><title>Путин</title></item>", declaration='<?xml version="1.0" encoding="utf-16"?>')
    assert read(body.decode().encode("utf-16"), "", url=URL).items[0].title == "Путин"


@pytest.mark.parametrize(
    "place",
    ["<a>x{}y</a>", "<a b='{}'/>", "<a><![CDATA[x{}]]></a>", "<a><!-- {} --></a>", "<a/><?p {}?>", "<a{}/>", "<a>é{}é</a>"],
)  # fmt: skip
def test_lxml_refuses_what_is_not_utf8_wherever_it_stands(place: str) -> None:
    """The strict path need not decode a body to know that it is UTF-8."""
    edges = (0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0)
    for lead, *rest in [
        (lead, *more) for lead in range(0x80, 0x100) for n in range(4) for more in product(edges, repeat=n)
    ]:
        torn = bytes((lead, *rest))
        try:
            torn.decode()
        except UnicodeDecodeError:
            with pytest.raises(etree.XMLSyntaxError):
                etree.fromstring(place.encode().replace(b"{}", torn), _common.xml_parser())


@pytest.mark.parametrize("torn", [b"\xe0\xa6", b"\xc0\x80", b"\xed\xa0\x80", b"\xff"])
def test_a_torn_letter_in_what_nobody_reads_is_feedparsers_matter(torn: bytes) -> None:
    body = rss("<generator>%</generator><item><title>পুতিন</title></item>")
    assert quick(body, "", url=URL) is not None
    assert quick(body.replace(b"%", torn), "", url=URL) is None


PIECES = (
    "Ã",
    "©",
    "\x85",
    "&#195;",
    "&#169;",
    "&#xA9;",
    "&#0133;",
    "Â",
    "«",
    "é",
    "Ð",
    "à¦Ÿ",
    "ő",
    "п",
    "â€",
    "\x9f",
    "&#8217;",
    "x",
)
GLUE = ("", "", "<![CDATA[]]>", "<!-- c -->", "<?p q?>")


@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(GLUE)), min_size=1, max_size=6))
def test_looking_at_a_documents_bytes_misses_no_text_that_must_be_mended(
    pieces: list[tuple[str, str]],
) -> None:
    body = rss(f"<item><title>{''.join(map(''.join, pieces))}</title></item>")
    title = etree.fromstring(body, _common.xml_parser()).findtext("channel/item/title")
    document = quick(body, "", url=URL)
    assert document is not None
    assert document.items[0].title == _common.unmangled(_common.repair(title.strip()))


def test_a_document_in_which_nothing_can_be_mended_is_not_looked_at_twice() -> None:
    for text in ("plain", "পুতিন", "«Путин»", "&#8217;", "“Peace”—he said"):
        assert _common.menders(rss(f"<title>{text}</title>")) == (str, str)
    assert _common.menders(rss(f"<title>{HUNGARIAN}</title>")) == (str, _common.unmangled)
    for text in ("\x85", "&#133;", "&#x85;", "OrbÃ¡n"):
        assert _common.menders(rss(f"<title>{text}</title>")) == (_common.repair, _common.unmangled)


@pytest.mark.parametrize("declared", ["", "utf-8", "iso-8859-1", "windows-1252", "us-ascii"])
@pytest.mark.parametrize("really", ["windows-1251", "koi8-r"])
def test_cyrillic_in_eight_bits_is_read_whatever_it_says(declared: str, really: str) -> None:
    stated = f' encoding="{declared}"' if declared else ""
    text = f'<?xml version="1.0"{stated}?><rss version="2.0"><channel><title>{RUSSIAN}</title><link>https://example.ru/novosti/index.html</link><item><title>{RUSSIAN}</title><link>https://example.ru/1</link><description>{RUSSIAN}</description></item></channel></rss>'
    document = read(text.encode(really), "text/xml", url=URL)
    assert (document.title, document.items[0].title, document.items[0].summary) == (RUSSIAN,) * 3


@pytest.mark.parametrize(
    "text, really, declared",
    [
        ("Élysée : Macron reçoit ses alliés à l’été", "windows-1252", "iso-8859-1"),
        ("Élysée : Macron reçoit ses alliés à l’été", "windows-1252", "windows-1252"),
        (HUNGARIAN, "iso-8859-2", "iso-8859-2"),
        (HUNGARIAN, "windows-1250", "windows-1250"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (BENGALI, "utf-8", "iso-8859-1"),
        (BENGALI, "utf-8", "us-ascii"),
        (BENGALI, "utf-16", "utf-16"),
        (RUSSIAN, "iso-8859-5", "iso-8859-5"),
        ("Встреча", "windows-1251", "windows-1251"),
    ],
)
def test_other_encodings_come_out_as_they_were_written(text: str, really: str, declared: str) -> None:
    body = f'<?xml version="1.0" encoding="{declared}"?><rss version="2.0"><channel><title>t</title><item><title>{text}</title></item></channel></rss>'
    assert read(body.encode(really), "", url=URL).items[0].title == text


def test_letters_of_no_charset_known_by_sight_are_reported_with_what_helps() -> None:
    body = '<?xml version="1.0" encoding="iso-8859-1"?><rss version="2.0"><channel><title>t</title><item><title>ΝΈΟΣ ΓΎΡΟΣ συνομιλιών ΣΤΗΝ ΑΘΉΝΑ</title></item></channel></rss>'
    with pytest.raises(ParseError, match="charset:"):
        read(body.encode("iso-8859-7"), "", url=URL)
    assert (
        read(body.encode("iso-8859-7"), "", url=URL, charset="iso-8859-7").items[0].title.startswith("ΝΈΟΣ")
    )


@pytest.mark.parametrize("text", [BENGALI, RUSSIAN, "“Peace”—he said", HUNGARIAN])
@pytest.mark.parametrize("times", [1, 2])
def test_text_that_was_encoded_once_too_often_is_undone(text: str, times: int) -> None:
    mangled = text
    for _ in range(times):
        mangled = "".join(
            bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
            for byte in mangled.encode()
        )
    assert _common.unmangled(mangled) == text


@pytest.mark.parametrize(
    "text", [BENGALI, RUSSIAN, HUNGARIAN, "São Paulo", "Ñandú", "Ðóra í Øystese", "naïve"]
)
def test_text_that_is_right_stays(text: str) -> None:
    assert _common.unmangled(text) == text
