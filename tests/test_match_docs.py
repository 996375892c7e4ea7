"""Every example of docs/howto/queries.md is run."""

from __future__ import annotations

import re

import pytest

from monitor.errors import QueryError
from tests.match_kit import ROOT, desk, entry

PAGE = ROOT / "docs" / "howto" / "queries.md"
EXAMPLES = [
    block.strip().splitlines()
    for block in re.findall(r"```query\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_an_example_of_the_page_does_as_it_says(example: list[str]) -> None:
    query, *texts = example
    assert texts
    for line in texts:
        sign, _, rest = line.partition(" ")
        if sign == "!":
            with pytest.raises(QueryError, match=re.escape(rest)):
                desk().find(query)
            continue
        lang, _, text = rest.partition(" ")
        evidence = desk().find(query).evidence(entry(text, lang=lang))
        assert evidence.matched is {"+": True, "-": False}[sign], text


def test_the_page_shows_every_operator() -> None:
    queries = " ".join(e[0] for e in EXAMPLES)
    for part in (
        "NEAR/",
        "THEN/",
        "SENTENCE(",
        " OF (",
        "score(",
        "title:",
        "date:",
        "lang:",
        "/",
        "*",
        "=",
        "@",
        "NOT",
    ):
        assert part in queries
