"""Turn labelled sentence cases with a rule structure into cases with queries, for `monitor evaluate`.

A rule is `{all: [], any: [], none: [], near: {terms: [], words: n}}`; a term is `@entity`, `=exact`,
`prefix*` or a literal. Run as a script it reads such lines from standard input and writes the cases.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any


def term(text: str) -> str:
    """Return a term as a query has it: a literal of several words is a phrase."""
    if text.startswith(("@", "=")) or text.endswith("*"):
        return text
    return f'"{text}"' if " " in text else text


def query(rule: Mapping[str, Any]) -> str:
    """Return the query of a rule. Absent lists do not constrain."""
    parts = [term(t) for t in rule.get("all") or ()]
    if wanted := rule.get("any"):
        parts.append(f"({' OR '.join(map(term, wanted))})")
    if near := rule.get("near"):
        joint = f" NEAR/{near['words']} "
        parts.append(f"({joint.join(map(term, near['terms']))})")
    if unwanted := rule.get("none"):
        parts.append(f"NOT ({' OR '.join(map(term, unwanted))})")
    return " AND ".join(parts)


def convert(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Return the cases of JSON lines."""
    cases = []
    for line in lines:
        if line.strip():
            case = json.loads(line)
            cases.append({k: v for k, v in case.items() if k != "rule"} | {"query": query(case["rule"])})
    return cases


if __name__ == "__main__":
    for made in convert(sys.stdin):
        print(json.dumps(made, ensure_ascii=False))
