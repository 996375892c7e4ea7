"""Bengali typed for a font (Bijoy's SutonnyMJ): Latin letters and signs that look Bengali in it only.

`evsjv‡`k` is বাংলাদেশ. Old newsroom systems still put it into feeds. Nothing in the bytes says so; a feed
that says it is Bengali, has hardly a Bengali letter and is full of such words is taken for it. What comes
out must be well-formed Bengali, word for word, else the feed is refused with a word about it: no mojibake.

A glyph stands for a letter, a sign, a half letter (`¯` is স্), a letter below (`ª` is ্র) or a whole
conjunct (`³` is ক্ত). Signs are typed where they are seen: ি ে ৈ before their consonants (`wK` is কি),
reph after them (`Kg©` is কর্ম).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from unicodedata import normalize

from monitor.errors import ParseError, ParseReason
from monitor.model import Document, Item

MARKED: Final = 0.4
"""Share of words that no Latin script writes so (`cywZb`, `‰eVK`). Of fifteen Bengali headlines 0.6 at least
are; none of 2,000 texts in seven other languages and of 3,400 lines of documentation has so many."""
WELL_FORMED: Final = 0.9
"""Share of words that must come out as Bengali can be written."""
FEW: Final = 4
"""Words of a document below which nothing is said."""
BENGALI: Final = 0.1
"""Share of titles with a Bengali letter from which on a document is written in Unicode."""

SAMPLE: Final = 50
"""Items that are looked at."""

_REPH: Final = "\ue000"
_HASANTA: Final = "\u09cd"


def _table() -> dict[int, str]:
    """Return what each glyph stands for."""
    found = dict(zip("ABCDEFGHIJ", "অইঈউঊঋএঐওঔ", strict=True))
    found |= zip("KLMNOPQRSTUVWXYZ_`abcdefghijklmn", "কখগঘঙচছজঝঞটঠডঢণতথদধনপফবভমযরলশষসহ", strict=True)
    found |= zip("opqrstu", ("ড়", "ঢ়", "য়", "ৎ", "ং", "ঃ", "ঁ"), strict=True)
    found |= zip("0123456789", "০১২৩৪৫৬৭৮৯", strict=True)
    found |= zip("vwxyz~ƒ‚„†‡ˆ‰Š“æ", "ািীুুূূূৃেেৈৈৗুু", strict=True)
    found |= {"|": "।", "&": _HASANTA, "©": _REPH, "Ñ": "—", "Ò": "“", "Ó": "”", "Ô": "‘", "Õ": "’"}
    halves = {"¯": "স", "®": "ষ", "¤": "ম", "š": "ন", "›": "ন", "™": "দ", "˜": "দ", "”": "চ", "•": "ঙ"}
    found |= {glyph: letter + _HASANTA for glyph, letter in halves.items()}
    below = {
        "¨": "য",
        "ª": "র",
        "«": "র",
        "Ö": "র",
        "^": "ব",
        "¡": "ব",
        "Ÿ": "ব",
        "¦": "ব",
        "¢": "ভ",
        "£": "ভ্র",
    }
    below |= {"¥": "ম", "§": "ম", "¬": "ল", "\xad": "ল", "ø": "ল", "œ": "ন", "è": "ন", "ú": "প"}
    below |= {"‹": "ক", "Œ": "ক্র", "‘": "তু", "’": "থ", "Í": "ত", "¿": "ত্র"}
    found |= {glyph: _HASANTA + letter for glyph, letter in below.items()}
    whole = "°ক্ক ±ক্ট ²ক্ষ্ম ³ক্ত ´ক্ম µক্র ¶ক্ষ ÿক্ষ ·ক্স ¸গু »গ্ধ ¼ঙ্ক ½ঙ্গ ¾জ্জ Áজ্ঞ Âঞ্চ Ãঞ্ছ Äঞ্জ Åঞ্ঝ Æট্ট Çড্ড Èণ্ট Éণ্ঠ Êণ্ড "
    whole += (
        "Ëত্ত Ìত্থ Îত্র Ïদ্দ ×দ্ধ Øদ্ব Ùদ্ম Úন্ঠ Ûন্ড Üন্ধ Ýন্স Þপ্ট ßপ্ত àপ্প áপ্স âব্জ ãব্দ äব্ধ åভ্র çম্ফ éল্ক êল্গ ëল্ট ìল্ড "
    )
    whole += "íল্প îল্ফ ïশু ðশ্চ ñশ্ছ òষ্ণ óষ্ট ôষ্ঠ õষ্ফ öস্খ ÷স্ট ùস্ফ ûহু üহৃ ýহ্ন þহ্ম"
    found |= {one[0]: one[1:] for one in whole.split()}
    return {ord(glyph): letters for glyph, letters in found.items()}


_GLYPHS: Final = _table()
_LETTER: Final = "A-Za-z_`~^\xa1-\xffŒœŠšŸƒˆ˜†‡‰‹›•™„‚"
_INSIDE: Final = re.compile(rf"(?<=[{_LETTER}])(?:…(?=[{_LETTER}])|—(?=[{_LETTER}])|Ð)|(?<=—)…|(?<=[š¯])—")
"""Glyphs that are punctuation elsewhere: ৃ, ্ত, ণ্ড."""
_SPECIAL: Final = {"…": "ৃ", "—": "্ত", "Ð": "ণ্ড"}
_C: Final = "(?:[ডঢয]\u09bc|[ক-নপ-রলশ-হৎ])"
_CLUSTER: Final = f"{_C}(?:{_HASANTA}{_C})*"
_BELOW: Final = f"(?:{_HASANTA}{_C})*"
_ORDER: Final = re.compile(
    f"([\u09bf\u09c7\u09c8]?)({_CLUSTER})({_REPH}?)({_BELOW})({_REPH}?)([\u09be\u09c0-\u09c4]?)({_BELOW})({_REPH}?)"
)
"""As it is typed: ি ে ৈ, consonants, reph, letters below, other vowel signs; the last three in any order."""
_VOWEL: Final = f"[অ-ঌএঐওঔ](?:{_HASANTA}য\u09be)?"
_SYLLABLE: Final = f"(?:{_VOWEL}|{_C}(?:{_HASANTA}{_C})*+(?:{_HASANTA}(?!{_C}))?[\u09be-\u09cc]?)[ঁ-ঃ]*+"
"""Nothing that was taken is given back: time in proportion to the length."""
_WELL: Final = re.compile(rf"(?:{_SYLLABLE}|[০-৯]|[^\w\ue000\u0980-\u09ff])++")
_WORD: Final = re.compile(r"\S+")
_LATIN: Final = re.compile("[A-Za-z]")
_MARKED: Final = re.compile(
    "[a-z][A-Z]|[A-Za-z`_][†‡‰ˆ¨ª«©¯®¤¦§¡¢¥¬³¶½¼¾×^]+[A-Za-z`]|(?<![A-Za-z])[†‡‰ˆ¯][A-Za-z`_]|[A-Za-z][©¨³×]|[A-Za-z]`[A-Za-z]"
)
_MARKUP: Final = re.compile(r"(<[^<>]*>|&(?!amp;)[#A-Za-z0-9]{1,10};|https?://[^\s<>]+)")
_BENGALI_LETTER: Final = re.compile("[\u0980-\u09ff]")


def righted(document: Document, language: str) -> Document:
    """Return a document in Unicode: as it is, unless it says it is Bengali and is typed for the font.

    `language` is what the desk says. Raises ParseError where what comes out is not Bengali.
    """
    if not any(one.lower().startswith("bn") for one in (language, document.language)) or not document.items:
        return document
    items = document.items[:SAMPLE]
    if sum(_BENGALI_LETTER.search(one.title) is not None for one in items) > BENGALI * len(items):
        return document
    sample = " ".join(f"{one.title} {one.summary}" for one in items)
    words = _words(_MARKUP.sub(" ", sample).replace("&amp;", "&"))
    if not is_bijoy(words):
        return document
    well = sum(map(_is_well_formed, map(unicode_of, words)))
    if well < WELL_FORMED * len(words):
        raise ParseError(
            ParseReason.BROKEN,
            "its Bengali is typed for a font (as Bijoy's SutonnyMJ), not in Unicode, and cannot be read: "
            f"{' '.join(words)[:60]!r}",
        )
    return replace(document, title=_field(document.title), items=tuple(_item(one) for one in document.items))


def is_bijoy(words: Iterable[str]) -> bool:
    """Say whether words are typed for the font: two in five look like no word of a Latin script."""
    words = [word for word in words if _LATIN.search(word)]
    return len(words) >= FEW and sum(map(bool, map(_MARKED.search, words))) >= MARKED * len(words)


def unicode_of(text: str) -> str:
    """Return a text that was typed for the font in Unicode (NFC), whatever it is."""
    text = _INSIDE.sub(lambda found: _SPECIAL[found[0]], text).replace("Av", "আ").translate(_GLYPHS)
    text = text.replace(_HASANTA * 2, _HASANTA)
    text = _ORDER.sub(_ordered, text)
    text = text.replace("\u09c7\u09be", "\u09cb").replace("\u09c7\u09d7", "\u09cc")
    return normalize("NFC", re.sub("ঁ([\u09be-\u09cc])", r"\1ঁ", text))


def _ordered(found: re.Match[str]) -> str:
    before, cluster, first, below, second, sign, late, third = found.groups()
    reph = f"র{_HASANTA}" if first or second or third else ""
    return f"{reph}{cluster}{below}{late}{before}{sign}"


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if _LATIN.search(word)]


def _is_well_formed(word: str) -> bool:
    return _WELL.fullmatch(word) is not None


def _item(item: Item) -> Item:
    return replace(
        item,
        title=_field(item.title),
        summary=_field(item.summary),
        content=_field(item.content),
        author=_field(item.author),
        tags=tuple(map(_field, item.tags)),
    )


def _field(text: str) -> str:
    """Return a field of such a document, markup and links as they are; one that is no Bengali stays so."""
    parts = _MARKUP.split(text)
    words = [word for part in parts[::2] for word in _words(html.unescape(part))]
    if sum(map(_is_well_formed, map(unicode_of, words))) < WELL_FORMED * len(words):
        return text
    parts[::2] = [unicode_of(part.replace("&amp;", "&")) for part in parts[::2]]
    return "".join(parts)
