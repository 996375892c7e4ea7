"""The small words of headlines, by language: what tells news from comment and before from after.

Words stand as they are printed, separated by commas; several words make a phrase; `*` ends a
beginning. An empty field means that the language has no such words here, and nothing is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from monitor.text import key, words


@dataclass(frozen=True)
class Headlines:
    """What a language's headlines say besides their news."""

    common: str = ""
    """Words that say nothing about what the news is."""
    coming: str = ""
    """What is told lies ahead: will, ahead of, to meet."""
    past: str = ""
    """What is told is over: after, ended."""
    asking: str = ""
    """Words that make a headline a question or an explanation when it begins with them."""
    comment: str = ""
    """Words that mark analysis, opinion, background."""
    wrapping: str = ""
    """Words around the news that a desk puts on and takes off: live, video, updated; articles."""
    denying_endings: str = ""
    """Endings that turn a word into its denial, as it is printed: নি."""

    @cached_property
    def stops(self) -> frozenset[str]:
        """The common words, as the key has them."""
        return frozenset(word for phrase in self.common.split(",") for word in words(phrase))

    @cached_property
    def wraps(self) -> frozenset[str]:
        """The words around the news, as the key has them."""
        return frozenset(word for phrase in self.wrapping.split(",") for word in words(phrase))

    @cached_property
    def denying(self) -> tuple[str, ...]:
        """The endings that deny, as the key has them."""
        return tuple(key(ending.strip()) for ending in self.denying_endings.split(",") if ending.strip())

    @cached_property
    def is_coming(self) -> tuple[str, ...]:
        """Phrases of the key, each between spaces."""
        return _phrases(self.coming)

    @cached_property
    def is_past(self) -> tuple[str, ...]:
        """Phrases of the key, each between spaces."""
        return _phrases(self.past)

    @cached_property
    def is_comment(self) -> tuple[str, ...]:
        """Phrases of the key, each between spaces."""
        return _phrases(self.comment)

    @cached_property
    def askers(self) -> frozenset[str]:
        """First words of questions, as the key has them."""
        return frozenset(key(word.strip()) for word in self.asking.split(",") if word.strip())


def _phrases(listed: str) -> tuple[str, ...]:
    return tuple(
        f" {joined}" if phrase.rstrip().endswith("*") else f" {joined} "
        for phrase in listed.split(",")
        if (joined := " ".join(words(phrase)))
    )
