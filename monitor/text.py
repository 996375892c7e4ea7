"""Text as it is compared: one key for what publishers write and for what a desk asks.

`key` undoes the differences in encoding that hide equal words from each other. In 611,833 tokens of
Bengali news 18 % belong to words that are printed in more than one code point spelling; over 36
pairs of spellings NFC makes 12 equal, ICU's NFKC_Casefold 25, this key 35. `aligned` keeps the way
back, so that evidence is always a piece of what the publisher wrote. `plain` turns HTML into text.

All functions are pure and take any string, lone surrogates included.
"""

from __future__ import annotations

import html
import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain

import regex

_SPACES = "\u200b_\u2028\u2029"
"""Zero width space separates words: deleting it, as NFKC_Casefold does, glues two names into one."""

_DELETED = (
    "\u200c\u200d\u00ad\u2060\ufeff\u200e\u200f\u061c\u034f\u0640\u180e"
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufe0e\ufe0f"
)
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d"
_APOSTROPHES = "\u2019\u2018\u02bc\u0060\u00b4\u201b\u2032\uff07\u02b9"
_DANDAS = "\u0964\u0965\u09f7"
_NUKTAS = "\u09bc\u093c"
_HARAKAT = "".join(map(chr, range(0x64B, 0x653))) + "\u0670"

_TABLE: dict[int, str] = {
    **dict.fromkeys(map(ord, _SPACES), " "),
    **dict.fromkeys(map(ord, _DELETED + _NUKTAS + _HARAKAT), ""),
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **dict.fromkeys(map(ord, _APOSTROPHES), "'"),
    **dict.fromkeys(map(ord, _DANDAS), "."),
    **{c: " " for c in (*range(0x20), *range(0x7F, 0xA0)) if c != 0x0A},
    0x9F0: "র",  # Assamese RA, typed for the Bengali one
    # NFC composes these three with their nukta again, unlike the Bengali ones (composition exclusions)
    0x929: "न",
    0x931: "र",
    0x934: "ळ",
    # Arabic hamza seats and final ya vary by outlet (as in Lucene's ArabicNormalizer)
    **dict.fromkeys((0x622, 0x623, 0x625, 0x671), "ا"),
    0x649: "ي",
    0x451: "е",  # ё is optional in Russian print
    0x3C2: "σ",  # str.lower() makes a final sigma by its place in the text
}
_ASCII: dict[int, int | str] = {
    **{c: c + 32 for c in range(0x41, 0x5B)},
    **{c: _TABLE[c] for c in range(0x80) if c in _TABLE},
}

_KHANDA = re.compile("\u09a4\u09cd(?![\u0995-\u09b9\u09ce\u09dc-\u09df\u09f0\u09f1])")
_STRESS = regex.compile(r"(?<=\p{Cyrillic})[\u0300\u0301]")
_MARKS = regex.compile(r"(\P{ccc=0}{30})\P{ccc=0}+")
_DIGIT = regex.compile(r"[\p{Nd}--0-9]", regex.V1)


def _compose(text: str) -> str:
    """Join Bengali vowels that were typed as two signs, and make hasanta TA the khanda TA it stands for."""
    if "\u0985\u09be" in text:
        text = text.replace("\u0985\u09be", "\u0986")  # A + sign AA
    if "\u09c7" in text:
        if "\u09be\u09c7" in text:
            text = text.replace("\u09be\u09c7", "\u09cb")  # sign O, typed backwards
        if "\u09c7\u09be" in text:
            text = text.replace("\u09c7\u09be", "\u09cb")
        if "\u09c7\u09d7" in text:
            text = text.replace("\u09c7\u09d7", "\u09cc")
    if "\u09d7" in text:
        text = text.replace("\u09d7", "\u09cc")
    if "\u09a4\u09cd" in text:
        text = _KHANDA.sub("\u09ce", text)
    return text


def stream_safe(text: str) -> str:
    """Return a text with at most 30 marks in a row: no language has more (UAX #15, Stream-Safe Text Format).

    Normalising sorts a run of marks in quadratic time: 200,000 of them took half a minute (measured).
    """
    cleaned: str = _MARKS.sub(r"\1", text)
    return cleaned


def _general(text: str, *, lower: bool = True) -> str:
    """The key by its definition; `key` gives the same answer faster for nearly every text."""
    text = stream_safe(text)
    for _ in range(4):
        before = text
        text = unicodedata.normalize("NFKC", text.translate(_TABLE))
        text = (text.lower() if lower else text).translate(_TABLE)
        text = _DIGIT.sub(lambda m: str(unicodedata.decimal(m[0], m[0])), text)
        text = _STRESS.sub("", text)
        text = unicodedata.normalize("NFC", _compose(text))
        if text == before:
            break
    return text


_same: set[str] = set()
"""Characters that are their own key wherever they stand."""
_changed: dict[str, str] = {}
"""Characters whose key is always the same other string."""
_context: set[str] = set()
"""Characters that join with their neighbours: such a text takes the general way."""
_UNASSIGNED = frozenset({"Cn", "Co", "Cs"})
"""Categories of code points that no text needs: they are their own key."""


def _learn(char: str) -> None:
    """Sort a character that was not seen before into one of the three kinds above."""
    if unicodedata.category(char) in _UNASSIGNED:
        return  # a million of them in one feed would stay in memory
    point = ord(char)
    own = 0x900 <= point <= 0x950 or 0x980 <= point <= 0x9FD
    if (unicodedata.category(char)[0] == "M" and not own and char not in _DELETED + _HARAKAT) or (
        0x1100 <= point <= 0x11FF
    ):
        _context.add(char)
        return
    result = char if char == "\u09d7" else _general(char)
    if result == char:
        _same.add(char)
    elif any(unicodedata.category(c)[0] == "M" and not 0x900 <= ord(c) <= 0x9FF for c in result):
        _context.add(char)
    else:
        _changed[char] = result


def key(text: str) -> str:
    """Return the normalised key of a text.

    NFKC; zero width space and underscore are spaces; joiners, soft hyphens, bidi marks, tatweel and
    nuktas are gone; vowels in two signs are one, ত্ that ends a syllable is ৎ; any script's digits
    are ASCII; dashes are `-`, apostrophes `'`, dandas `.`; lower case; no stress marks on Cyrillic.
    Dropping the nukta merges 76 of 611,833 tokens, nearly all misspellings. Idempotent.
    """
    if text.isascii():
        return text.translate(_ASCII)
    low = text.lower()
    special = _specials(low)
    if special:
        for char in special - _changed.keys():
            if char not in _context:
                _learn(char)
        if not _context.isdisjoint(special):
            return _general(text)
        changed = special & _changed.keys()
        if len(changed) > 50:  # that many passes cost more than one slow one
            low = low.translate({ord(char): _changed[char] for char in changed})
        else:
            for char in changed:
                low = low.replace(char, _changed[char])
    return _compose(low)


_no_special = re.compile(".", re.DOTALL)
"""Finds what is not among the characters of `_same` that were known when it was made."""
_in_it = 0


def _specials(low: str) -> set[str]:
    """Return the characters of a text that are not known to be their own key.

    One pattern for the known ones: a set of all letters of a text costs five times as much. It is made
    anew when a quarter of them came later, so a few dozen times however many there are.
    """
    global _no_special, _in_it
    if len(_same) > _in_it * 1.25 + 8:
        _in_it = len(_same)
        _no_special = re.compile(f"[^{re.escape(''.join(_same))}]", re.DOTALL)
    found = set(_no_special.findall(low))
    return found - _same if found else found


def cased(text: str) -> str:
    """Return the key with its letters' case kept: what `=Word` compares."""
    return _general(text, lower=False)


@cache
def gaps(kept: str) -> re.Pattern[str]:
    """Return the pattern of one character that is neither a space nor in a class (as `\\p{L}\\p{N}`).

    Replacing what it finds takes 10 µs for 1,000 letters of any script, where looking at the set of
    them takes 22 (measured). Past the third plane only variation selectors are looked at: what else
    is there is for private use, or nothing.
    """
    # By way of bytes: as strings of one letter each they would be 30 MB for a moment.
    points = array("I", chain(range(0x40000), range(0xE0000, 0xE0200)))
    every = points.tobytes().decode("utf-32", "surrogatepass")
    runs = (run.group() for run in regex.finditer(f"[{kept} ]+", every))
    return re.compile("[^" + "".join(f"\\U{ord(run[0]):08x}-\\U{ord(run[-1]):08x}" for run in runs) + "]")


class Aligned:
    """A text with its key and the way back from the key to the text."""

    __slots__ = ("_even", "_pieces", "_starts", "key", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.key = key(text)
        self._even = text.isascii()
        self._starts: list[int] | None = None
        """Where each piece between spaces begins in the key."""
        self._pieces: list[tuple[int, str]] = []
        """Where it begins in the text, and how it is written there."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the piece `start` to `end` of the key stands in the text."""
        if start >= end:
            return (0, 0)
        if self._even:
            return (start, end)
        if self._starts is None:
            if len(self.key) == len(self.text) and self._is_even():
                self._even = True
                return (start, end)
            self._align()
        return (self._place(start)[0], self._place(end - 1)[1])

    def key_span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the piece `start` to `end` of the text stands in the key: the way back of `span`."""
        if start >= end:
            return (0, 0)
        if not self._even and self._starts is None:
            self.span(0, 1)
        if self._even:
            return (start, end)
        return (self._key_place(start)[0], self._key_place(end - 1)[1])

    def _key_place(self, position: int) -> tuple[int, int]:
        """Return the piece of the key that one character of the text became."""
        assert self._starts is not None
        index = bisect_right(self._pieces, (position, "\U0010ffff")) - 1
        begin, piece = self._pieces[index]
        base = self._starts[index]
        found = [i for i, (a, b) in enumerate(_places(piece)) if a <= position - begin < b]
        if found:
            return (base + found[0], base + found[-1] + 1)
        after = next((i for i, (a, _) in enumerate(_places(piece)) if a > position - begin), None)
        at = base + (len(_places(piece)) if after is None else after)
        return (at, at)

    def _place(self, position: int) -> tuple[int, int]:
        """Return the piece of the text that one character of the key comes from."""
        assert self._starts is not None
        index = bisect_right(self._starts, position) - 1
        begin, piece = self._pieces[index]
        inside = position - self._starts[index]
        places = _places(piece)
        first, last = places[inside] if inside < len(places) else (len(piece), len(piece) + 1)
        return (begin + first, begin + last)

    def _is_even(self) -> bool:
        """Tell whether every character became one, so that both texts have the same offsets."""
        chars = set(self.text.lower())
        return _context.isdisjoint(chars) and all(len(_changed[c]) == 1 for c in chars & _changed.keys())

    def _align(self) -> None:
        """Find where the pieces between spaces begin: the key keeps every space."""
        self._starts = []
        at_key = at_text = 0
        for piece in self.text.split(" "):
            self._starts.append(at_key)
            self._pieces.append((at_text, piece))
            at_key += len(key(piece)) + 1
            at_text += len(piece) + 1


_CHUNK = regex.compile(r"[\p{L}\p{M}\p{N}\p{Cf}]+|[^\p{L}\p{M}\p{N}\p{Cf}][\p{M}\p{Cf}]*")


@lru_cache(maxsize=1_000)
def _places(piece: str) -> tuple[tuple[int, int], ...]:
    """Return for each character of a piece's key where in the piece it comes from, word by word."""
    places: list[tuple[int, int]] = []
    for chunk in _CHUNK.finditer(piece):
        first, last = chunk.span()
        part = key(chunk[0])
        if len(part) == last - first:
            places.extend((i, i + 1) for i in range(first, last))
        else:
            places.extend((first + begin, first + stop) for begin, stop in _inside(chunk[0], part))
    size = len(key(piece))
    if len(places) != size:  # a mark joined over a chunk's edge: keep to the piece's bounds
        end = len(piece)
        places = [(min(a, end - 1), min(b, end)) for a, b in places[:size]]
        places.extend([(end - 1, end)] * (size - len(places)))
    return tuple(places)


def _inside(word: str, result: str) -> tuple[tuple[int, int], ...]:
    """Return for each character of the key `result` the piece of `word` it comes from."""
    lengths = [len(key(word[: i + 1])) for i in range(len(word))] if len(word) <= 200 else []
    if not lengths:
        scale = len(word) / max(1, len(result))
        return tuple(
            (int(i * scale), max(int(i * scale) + 1, int((i + 1) * scale))) for i in range(len(result))
        )
    spans: list[tuple[int, int]] = []
    done = 0
    for i, length in enumerate(lengths):
        reach = min(length, len(result))
        if reach > done:
            spans.extend((i, i + 1) for _ in range(reach - done))
            done = reach
        elif spans:  # a mark that joined the character before it, or is not in the key
            spans[-1] = (spans[-1][0], i + 1)
    while len(spans) < len(result):
        spans.append((len(word) - 1, len(word)))
    return tuple(spans)


_WORD = regex.compile(r"[\p{L}\p{M}\p{N}--\p{Han}]+(?:'[\p{L}\p{M}\p{N}--\p{Han}]+)*|\p{Han}", regex.V1)


def words(text: str) -> list[str]:
    """Return the words of a text's key. Apostrophes join, dashes separate, each Han character is a word."""
    found: list[str] = _WORD.findall(key(text))
    return found


def word_starts(key_text: str) -> list[int]:
    """Return where the words of a key begin (as `words` counts them)."""
    return [m.start() for m in _WORD.finditer(key_text)]


_USUAL = (
    "mr mrs ms dr prof st gen col sen rep gov lt sgt jr sr vs no inc ltd co corp jan feb mar apr jun jul aug "
    "sept sep oct nov dec им г гг тыс млн млрд руб др т тд тп см р ім м проф св ст ул "
    "pl stb kb ún ill pr z zb bzw usw mme mlle ড ডা মো মোঃ প্রফেসর"
)
_ABBREVIATIONS = frozenset(_USUAL.split())
_MARK = regex.compile(
    r"[!?;\u3002\uff01\uff1f\u061f\u06d4]++|(?<!\.)\.++(?=[\s\"'»”)\]]|$|[\p{L}--[\p{Latin}\p{Cyrillic}\p{Greek}]])|\n+",
    regex.V1,
)
_LAST_WORD = regex.compile(r"[\p{L}\p{M}]+$")


def sentence_ends(key_text: str) -> list[int]:
    """Return where the sentences of a key end, in order; the last is the key's length.

    A danda (in the key a full stop) ends a sentence even without a space after it. A stop after an
    initial or a usual abbreviation, inside a number or inside an abbreviation (U.S.) ends none. A
    line break does, and so does the semicolon that headlines put between two pieces of news.
    """
    ends: list[int] = []
    for mark in _MARK.finditer(key_text):
        if mark[0] == ".":
            before = _LAST_WORD.search(key_text, max(0, mark.start() - 20), mark.start())
            if before and (
                before[0] in _ABBREVIATIONS or (len(before[0]) == 1 and not "\u0980" <= before[0] <= "\u09ff")
            ):
                continue
        ends.append(mark.end())
    if not ends or ends[-1] != len(key_text):
        ends.append(len(key_text))
    return ends


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text's key, danda-aware, without the space around them."""
    keyed = key(text)
    start = 0
    for end in sentence_ends(keyed):
        if sentence := keyed[start:end].strip():
            yield sentence
        start = end


# HTML ─────────────────────────────────────────────────────────────────────────────────────────

_BREAKING = (
    "address article aside blockquote br caption center dd details dialog div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr iframe legend li main menu nav ol option p pre section "
    "select summary table tbody td tfoot th thead title tr ul video audio"
)
_BLOCKS = frozenset(_BREAKING.split())
_HIDDEN = "script style template noscript textarea head"
_UNSEEN = {n: re.compile(f"</{n}", re.IGNORECASE) for n in _HIDDEN.split()}
_TAG = re.compile(
    r"""<(?:!--|(/?)([A-Za-z][A-Za-z0-9:-]*)(?:[^<>"']*(?:"[^"<]*"[^<>"']*|'[^'<]*'[^<>"']*)*>)?|[!?/])"""
)


def plain(source: str) -> str:
    """Return the text of an HTML fragment: blocks on lines of their own, entities decoded.

    A separator stands where a browser breaks the line (block tags, `br`, `figcaption`: a photo credit
    glued to the first word cannot be told from it later), none at inline tags and `wbr`. Scripts and
    styles are dropped. Text without `<` and `&` is returned as it is. Linear in the source's length.
    """
    if "<" not in source:
        return source if "&" not in source else unescape(source)
    if "\n" in source or "\r" in source:
        source = source.replace("\r", " ").replace("\n", " ")
    text = "".join(_pieces(source))
    if "&" in text:
        text = unescape(text)
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


_ZEROS = re.compile("&#0{8,}")
_NUMBER = re.compile("&#[0-9]{20,};?")


def unescape(text: str) -> str:
    """Return a text with HTML's character references decoded; numbers past Unicode become U+FFFD.

    Python's own raises ValueError for a number of more than 4,300 digits.
    """
    if "&#" in text:
        text = _NUMBER.sub("\ufffd", _ZEROS.sub("&#0", text))
    return html.unescape(text)


def _pieces(source: str) -> list[str]:
    """Return the text and the line breaks of an HTML source, entities still in it."""
    parts: list[str] = []
    position = 0
    unclosed: set[str] = set()
    search = _TAG.search
    while (tag := search(source, position)) is not None:
        start, end = tag.span()
        if start > position:
            parts.append(source[position:start])
        if tag[2] is None:
            if tag[0] == "<!--":
                end = source.find("-->", end)
                position = len(source) if end < 0 else end + 3
            else:
                position = _tag_end(source, end)
            continue
        if source[end - 1] != ">":
            end = _tag_end(source, end)
        position = end
        name = tag[2].lower()
        if name in _UNSEEN and not tag[1] and name not in unclosed and source[end - 2 : end] != "/>":
            close = _UNSEEN[name].search(source, end)
            if close:
                position = _tag_end(source, close.end())
            else:
                unclosed.add(name)
        if name in _BLOCKS:
            parts.append("\n")
    if position < len(source):
        parts.append(source[position:])
    return parts


def _tag_end(source: str, position: int) -> int:
    """Return the position after the next `>`; a tag that is cut off runs to the end."""
    end = source.find(">", position)
    return len(source) if end < 0 else end + 1
