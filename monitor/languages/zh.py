"""Chinese: words do not change and stand without spaces; a name is found anywhere."""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import BARE, Stem


class Language(languages.Language):
    """Chinese."""

    code: ClassVar[str] = "zh"
    scripts: ClassVar[tuple[str, ...]] = ("Han",)
    marks: ClassVar[str] = "。！？"
    spaced: ClassVar[bool] = False

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the word as it is."""
        return (Stem(word, BARE),)
