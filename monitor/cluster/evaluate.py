"""How good are the stories: B-cubed over labelled entries (Bagga and Baldwin, 1998; Amigó et al., 2009)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping


def bcubed(
    gold: Mapping[str, Hashable], found: Mapping[str, Hashable], *, kind: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Return precision, recall and F1 of a grouping: entry id → group, as labelled and as found.

    An entry's precision is the share of its found group that shares its label, its recall the share
    of its label's entries that its found group has; both are means over entries, and an entry
    belongs to its own group. With `kind` (entry id → language) only pairs of two kinds count and
    only entries that have such a pair: how well groups reach across languages.
    """
    wanted, had = _members(gold), _members(found)
    precisions, recalls = [], []
    for one, label in gold.items():
        mine, theirs = had[found[one]], wanted[label]
        if kind is not None:
            mine, theirs = ({o for o in group if kind[o] != kind[one]} for group in (mine, theirs))
        right = len(mine & theirs)
        if mine:
            precisions.append(right / len(mine))
        if theirs:
            recalls.append(right / len(theirs))
    precision, recall = _mean(precisions), _mean(recalls)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def _members(groups: Mapping[str, Hashable]) -> defaultdict[Hashable, set[str]]:
    members: defaultdict[Hashable, set[str]] = defaultdict(set)
    for one, group in groups.items():
        members[group].add(one)
    return members


def _mean(values: list[float]) -> float:
    """Return the mean; 1 where nothing could be wrong."""
    return sum(values) / len(values) if values else 1.0
