"""Copies: the same text under another title, found by MinHash over its lead, without comparing all with all.

The only place that knows rensa and rapidfuzz. Thirty-two minima in eight bands find texts that share
60 % of their shingles two times in three, 80 % nearly always; what is missed is found by its words
(`index`), and every candidate is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rapidfuzz import fuzz
from rensa import RMinHash, RMinHashLSH

Sketch: TypeAlias = RMinHash

_MINIMA = 32
_BANDS = 8
_SEED = 20251016
_SHINGLE = 3
"""Words in a shingle: with three, copies with 3 % of their words replaced still share 91 %."""
_LEAST = 20
"""Shorter texts are leads that two reporters may write alike."""
_MOST = 100
"""Agency copy is recognised by its beginning; the rest of a long read costs and tells nothing."""

SAME_TEXT = 0.5
"""Share of shingles from which a text is a copy of another, whoever signs it."""
SAME_AGENCY = 0.2
"""Share from which two texts that credit one agency are both its copy."""
_SAME_TITLE = 95.0
"""Likeness (0 to 100) of two long titles that nobody writes twice."""
_TITLE_WORDS = 6
_ALIKE = 60.0
"""Likeness from which titles say more than that they are about the same."""


def sketch_of(words: Sequence[str]) -> Sketch | None:
    """Return the sketch of a text's first words; None where there are too few."""
    if len(words) < _LEAST:
        return None
    words = words[:_MOST]
    sketch = RMinHash(num_perm=_MINIMA, seed=_SEED)
    sketch.update([" ".join(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1)])
    return sketch


def shared(one: Sketch | None, other: RMinHash | None) -> float:
    """Return the share of shingles that two texts have in common, estimated; 0 where one has too few."""
    if one is None or other is None:
        return 0.0
    share: float = one.jaccard(other)
    return share


def same_title(one: str, other: str) -> bool:
    """Say whether two titles (as keys) are one: long, and the same but for a word or a spelling."""
    if abs(len(one) - len(other)) > 0.1 * len(one) or one.count(" ") + 1 < _TITLE_WORDS:
        return False
    return other.count(" ") + 1 >= _TITLE_WORDS and fuzz.ratio(one, other, score_cutoff=_SAME_TITLE) > 0


def title_likeness(one: str, other: str) -> float:
    """Return how alike two titles (as keys) are beyond what titles on one subject are, 0 to 1.

    Letters are compared, words in any order, so that an ending or a spelling costs little.
    """
    ratio = fuzz.token_sort_ratio(one, other, score_cutoff=_ALIKE)
    return (ratio - _ALIKE) / (100.0 - _ALIKE) if ratio else 0.0


class Twins:
    """Finds the texts that share much of their lead."""

    def __init__(self) -> None:
        self._index = RMinHashLSH(threshold=SAME_TEXT, num_perm=_MINIMA, num_bands=_BANDS)

    def add(self, number: int, sketch: Sketch | None) -> None:
        """Take a text under a number."""
        if sketch is not None:
            self._index.insert(number, sketch)

    def drop(self, number: int) -> None:
        """Forget a text."""
        self._index.remove(number)

    def of(self, sketch: Sketch | None) -> list[int]:
        """Return the numbers of texts that may be copies, in no order, itself among them."""
        if sketch is None:
            return []
        found: list[int] = self._index.query(sketch)
        return found
