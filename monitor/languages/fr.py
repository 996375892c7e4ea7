"""French: plurals and feminines. Articles and prepositions end at the apostrophe (l'Ukraine)."""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import BARE, Stem

_COMMON = frozenset({"", "s", "e", "es", "x"})
_PLURAL = frozenset({"", "s"})


class Language(languages.Language):
    """French."""

    code: ClassVar[str] = "fr"
    scripts: ClassVar[tuple[str, ...]] = ("Latin",)

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return a name as it is, a common word with its plural and feminine."""
        if proper or len(word) < 3 or not word.isalpha():
            return (Stem(word, BARE),)
        if word.endswith("al"):
            return (Stem(word, _COMMON), Stem(word[:-1] + "ux"))
        return (Stem(word, _PLURAL if word.endswith("e") else _COMMON),)
