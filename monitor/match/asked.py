"""What a topic asks for: how surely an entry that matches it has an entity or a word, whatever it tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from monitor.match import tree
from monitor.match.resolve import Names
from monitor.text import key, words


def asked(part: tree.Part, names: Names) -> dict[str, float]:
    """Return for each entity ("@trump") and word (as a key) of a query the share of matches that have it.

    It is read off the query: what all alternatives need is in every match, of two alternatives each is
    taken to be met by half of them. What a query excludes, and what it asks of other fields, is nothing
    that its matches share.
    """
    match part:
        case tree.Entity(id=name):
            members = [names.reported(one) or one for one in names.members(name)]
            return {f"@{one}": 1 / len(members) for one in members}
        case tree.Word(text=text) | tree.Phrase(text=text) | tree.Exact(text=text):
            return dict.fromkeys(words(key(text)), 1.0)
        case tree.Every(parts=parts):
            return _most(asked(one, names) for one in parts)
        case tree.Near(left=left, right=right):
            return _most((asked(left, names), asked(right, names)))
        case tree.Either(parts=parts):
            return _share([asked(one, names) for one in parts], 1 / len(parts))
        case tree.AtLeast(count=count, parts=parts):
            return _share([asked(one, names) for one in parts], min(count / len(parts), 1.0))
        case tree.Score(parts=weighted):
            return _share([asked(one, names) for one, _ in weighted], 1 / len(weighted))
        case tree.Sentence(part=inner) | tree.Within(part=inner):
            return asked(inner, names)
    return {}


def _most(found: Iterable[Mapping[str, float]]) -> dict[str, float]:
    most: dict[str, float] = {}
    for one in found:
        for name, share in one.items():
            most[name] = max(most.get(name, 0.0), share)
    return most


def _share(found: Iterable[Mapping[str, float]], part: float) -> dict[str, float]:
    summed: defaultdict[str, float] = defaultdict(float)
    for one in found:
        for name, share in one.items():
            summed[name] += share * part
    return {name: min(share, 1.0) for name, share in summed.items()}
