"""English: plurals and, for common words, the regular verb forms. Possessives end at the apostrophe.

Names take no ending: `trumped`, `trumps` and `trumpeted` are other words than Trump.
"""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import BARE, Stem

_PLURAL = frozenset({"", "s"})
_REGULAR = frozenset({"", "s", "ed", "ing"})
_SIBILANT = frozenset({"", "es", "ed", "ing"})
_AFTER_E = frozenset({"e", "es", "ed", "ing"})
_VOWELS = "aeiou"
_Y = frozenset({"", "ing"})
_IES = frozenset({"es", "ed"})
_DOUBLED = frozenset({"ed", "ing"})
_ES = frozenset({"", "es"})


class Language(languages.Language):
    """English."""

    code: ClassVar[str] = "en"
    scripts: ClassVar[tuple[str, ...]] = ("Latin",)

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return a name as it is, a common word with -s, -es, -ies, -ed and -ing."""
        if proper or len(word) < 3 or not word.isalpha() or word.endswith(("ed", "ing", "ss")):
            return (
                Stem(
                    word,
                    _ES
                    if word.endswith("ss") and not proper
                    else _PLURAL
                    if not proper and word.endswith("ing")
                    else BARE,
                ),
            )
        last, before = word[-1], word[-2]
        if last == "s":
            return (Stem(word),)
        if last == "y" and before not in _VOWELS:
            return (Stem(word, _Y), Stem(word[:-1] + "i", _IES))
        if last == "e":
            return (Stem(word[:-1], _AFTER_E),)
        if last in "xz" or word.endswith(("ch", "sh")):
            return (Stem(word, _SIBILANT),)
        if len(word) < 4 and last in "aiou":
            return (Stem(word, _PLURAL),)
        stems = [Stem(word, _REGULAR)]
        if last in "bdglmnprt" and before in _VOWELS and word[-3] not in _VOWELS:
            stems.append(Stem(word + last, _DOUBLED))
        return tuple(stems)
