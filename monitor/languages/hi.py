"""Hindi: names do not change; common nouns take the plural and oblique endings."""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import BARE, Stem
from monitor.text import key


class Language(languages.Language):
    """Hindi."""

    code: ClassVar[str] = "hi"
    scripts: ClassVar[tuple[str, ...]] = ("Devanagari",)
    digits: ClassVar[str] = "0123456789"  # Hindi newsrooms print these
    marks: ClassVar[str] = "।॥?!"

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return a name as it is, a noun in -ा, -ी or a consonant with its declension."""
        if proper or len(word) < 3:
            return (Stem(word, BARE),)
        if word.endswith("ा"):
            return (Stem(word[:-1], frozenset({"ा", "े", "ों", "ाओं", "ाएं", "ाएँ"})),)
        if word.endswith("ी"):
            return (Stem(word[:-1], frozenset(map(key, ("ी", "ियों", "ियां", "ियाँ", "ियो")))),)
        return (Stem(word, frozenset({"", "ों", "ें"})),)
