"""How good are the stories: labelled entries against what the clusterer says, by B-cubed.

B-cubed (Bagga and Baldwin 1998) asks for every entry how much of what it was put together with belongs
to it (precision) and how much of what belongs to it was put there (recall), and takes the mean.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import fsum
from typing import Any

from monitor.cluster.clusterer import Clusterer
from monitor.cluster.prints import Known
from monitor.model import Entity, Entry


def evaluate(
    entries: Sequence[Entry],
    labels: Mapping[str, str],
    entities: Iterable[Entity],
    known: Mapping[str, Known],
    asked: Callable[[str], Mapping[str, float]] = lambda _: {},
) -> dict[str, Any]:
    """Return B-cubed figures of what a clusterer makes of `entries`, beside those of singletons.

    `labels` names the story of each entry, `asked` what topics ask for. All entries come at once; their
    order makes no difference.
    """
    clusterer = Clusterer(entities, asked)
    found = {entry_id: story.id for story in clusterer.add(entries, known) for entry_id in story.entry_ids}
    languages = {entry.id: entry.language.partition("-")[0] for entry in entries}
    mixed: defaultdict[str, list[str]] = defaultdict(list)
    for entry in entries:
        mixed[found[entry.id]].append(entry.id)
    return {
        "cases": len(entries),
        "stories": len(set(labels.values())),
        "found": len(mixed),
        "bcubed": bcubed(labels, found),
        "across_languages": bcubed(labels, found, languages),
        "singletons": bcubed(labels, {one: one for one in labels}),
        "mixed": sorted(sorted(ids) for ids in mixed.values() if len({labels[one] for one in ids}) > 1),
    }


def bcubed(
    labels: Mapping[str, str], found: Mapping[str, str], languages: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Return precision, recall and F1 of a grouping.

    With `languages` only pairs of different languages count, and an entry only where it has such a
    partner: in what was found for precision, in what should be for recall.
    """
    wanted, got = _groups(labels), _groups(found)
    precisions, recalls = [], []
    for one in labels:
        mine, theirs = wanted[labels[one]], got[found[one]]
        if languages is not None:
            mine, theirs = (
                {other for other in group if languages[other] != languages[one]} for group in (mine, theirs)
            )
        both = len(mine & theirs)
        if theirs:
            precisions.append(both / len(theirs))
        if mine:
            recalls.append(both / len(mine))
    precision = fsum(precisions) / len(precisions) if precisions else 1.0
    recall = fsum(recalls) / len(recalls) if recalls else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def _groups(names: Mapping[str, str]) -> dict[str, set[str]]:
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for one, name in names.items():
        groups[name].add(one)
    return groups
