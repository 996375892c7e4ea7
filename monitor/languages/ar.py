"""Arabic: the conjunctions, prepositions and the article that are written on the next word."""

from __future__ import annotations

from typing import ClassVar

from monitor import languages
from monitor.languages import BARE, Stem

_PROCLITICS = "و ف ب ل ك ال وال فال بال كال لل وب ول وك فب فل وبال ولل"


class Language(languages.Language):
    """Arabic."""

    code: ClassVar[str] = "ar"
    scripts: ClassVar[tuple[str, ...]] = ("Arabic",)
    marks: ClassVar[str] = ".!؟"
    proclitics: ClassVar[tuple[str, ...]] = ("", *_PROCLITICS.split())

    def stems(self, word: str, *, proper: bool) -> tuple[Stem, ...]:
        """Return the word as it is: what is found before it is in `proclitics`."""
        return (Stem(word, BARE),)
