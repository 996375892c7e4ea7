"""German: the genitive -s of names, the endings of common nouns and adjectives. No compounds."""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import Stem

_NAME = frozenset({"", "s"})
_COMMON = frozenset({"", "s", "es", "e", "en", "n", "er", "ern", "em", "ens"})
_AFTER_E = frozenset({"e", "en", "er", "em", "es", "ern"})
_UNG = frozenset({"", "en"})


class Language(languages.Language):
    """German."""

    code: ClassVar[str] = "de"
    scripts: ClassVar[tuple[str, ...]] = ("Latin",)

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the word with its endings; -en and -e of a common word may be exchanged."""
        if len(word) < 3 or not word.isalpha():
            return (Stem(word),)
        if proper:
            return (Stem(word, _NAME),)
        if word.endswith("e"):
            return (Stem(word[:-1], _AFTER_E),)
        if word.endswith("ung"):
            return (Stem(word, _UNG),)
        return (Stem(word, _COMMON),)
