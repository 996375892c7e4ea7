"""Every example of docs/howto/queries.md and of docs/howto/states.md is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor import config
from monitor.errors import QueryError
from monitor.match import Matcher
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


STATES = ROOT / "docs" / "howto" / "states.md"


def test_the_states_of_the_page_can_be_read_and_do_as_it_says(tmp_path: Path) -> None:
    topics, words = re.findall(r"```yaml\n(.*?)```", STATES.read_text("utf-8"), re.DOTALL)
    no = "  no: {type: wording, forms: {en: [not]}}\n"
    known = "".join(f"  {name}: {{names: {{en: [{name}]}}}}\n" for name in ("railway", "airline", "union"))
    path = tmp_path / "monitor.yaml"
    path.write_text(topics + words + no + known, encoding="utf-8")

    made = config.load(path, {})
    matcher = Matcher(made.entities, made.look_alikes, made.groups, made.topics)

    def tells(text: str) -> list[str]:
        found = matcher.explain(entry(text, lang="en"), topic="strike").topics["strike"]
        return [one.state for one in found.states if one.matched]

    assert tells("Railway strike called for Monday") == ["called"]
    assert tells("Railway strike not called") == []
    assert tells("Airline strike called, railway runs") == []
    assert tells("Railway strike suspended") == ["suspended"]
    assert tells("Is the railway strike suspended?") == []
    assert matcher.find("@calls_off").evidence(entry("They called off the strike", lang="en")).matched
