"""Which script and language a text is in: light, for texts whose feed says nothing or the wrong thing."""

from __future__ import annotations

import re

import regex

_SCRIPTS = {
    "Latin": regex.compile(r"\p{Latin}"),
    "Cyrillic": regex.compile(r"\p{Cyrillic}"),
    "Bengali": regex.compile(r"\p{Bengali}"),
    "Devanagari": regex.compile(r"\p{Devanagari}"),
    "Arabic": regex.compile(r"\p{Arabic}"),
    "Han": regex.compile(r"\p{Han}"),
}
_SAMPLE = 600
"""Characters looked at: a headline and its summary."""

_BY_SCRIPT = {"Bengali": "bn", "Devanagari": "hi", "Arabic": "ar", "Han": "zh"}

_LETTERS = {"Latin": {"hu": "őű", "de": "ß", "fr": "çœêèàù"}, "Cyrillic": {"uk": "іїєґ", "ru": "ыэёъ"}}
_COMMON = {
    "Latin": {
        "en": "the and of to in is for on with that said will has was are after over from by at his as it",
        "hu": "a az és hogy nem egy is meg volt már szerint még csak után vagy mint lesz között ezt lehet",
        "de": "der die das und ist nicht mit den von zu im für auf ein eine dem des sich nach bei über auch",
        "fr": "le la les et est des du un une dans pour que qui sur par pas avec au aux ce son plus après",
    },
    "Cyrillic": {
        "ru": "и в не на что с по как из за его для это от при после или были был она он они к о",
        "uk": "і в не на що з та за про у й до після як від та його для це при або був були вона він вони",
    },
}
_COMMON_SETS = {
    script: {code: frozenset(text.split()) for code, text in by.items()} for script, by in _COMMON.items()
}
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*")


def _shares(text: str) -> dict[str, int]:
    sample = text[:_SAMPLE]
    counts = {name: len(pattern.findall(sample)) for name, pattern in _SCRIPTS.items()}
    counts["Han"] *= 3  # a Chinese word is written in two characters
    return {name: count for name, count in counts.items() if count}


def script(text: str) -> str:
    """Return the script of most letters, `""` if none is known."""
    shares = _shares(text)
    return max(shares, key=lambda name: shares[name]) if shares else ""


_NEAR = {
    "Latin": re.compile("[A-Za-z\u00c0-\u024f]"),
    "Cyrillic": re.compile("[\u0400-\u052f]"),
    "Bengali": re.compile("[\u0985-\u09b9\u09ce\u09dc-\u09e1]"),
}


def fits(text: str, scripts: tuple[str, ...]) -> bool:
    """Tell whether a text has letters of these scripts: a fifth of them is enough, names are often Latin."""
    near = _NEAR.get(scripts[0])
    if near is not None and len(near.findall(text, 0, 40)) >= 8:
        return True  # the usual case, without counting all: eight of the first letters are of the script
    shares = _shares(text)
    total = sum(shares.values())
    return not total or sum(shares.get(s, 0) for s in scripts) * 5 >= total


def guess(text: str) -> str:
    """Return the likeliest language by script, letters and common words, `""` if nothing speaks for one."""
    name = script(text)
    if name in _BY_SCRIPT:
        return _BY_SCRIPT[name]
    if name not in _COMMON_SETS:
        return ""
    sample = text[:_SAMPLE].lower()
    words = _WORD.findall(sample)
    scores = {
        code: sum(2 for w in words if w in common)
        + sum(3 * sample.count(c) for c in _LETTERS[name].get(code, ""))
        for code, common in _COMMON_SETS[name].items()
    }
    best = max(scores, key=lambda code: scores[code])
    if scores[best]:
        return best
    return {"Latin": "en", "Cyrillic": "ru"}[name]
