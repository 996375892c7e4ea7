"""The shipped alert rules: promtool is their judge; what they ask for is what we say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.metrics import Metrics, Snapshot
from monitor.model import Event, Vitals
from monitor.testing import NOON

ROOT = Path(__file__).parent.parent
RULES, CASES, HOWTO = (
    ROOT / "docs/alerts.yml",
    ROOT / "tests/alerts_test.yml",
    ROOT / "docs/howto/watching.md",
)


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in read(RULES)["groups"] for rule in group["rules"]]


@pytest.mark.parametrize(
    "arguments", [("check", "rules", RULES), ("test", "rules", CASES)], ids=lambda a: a[0]
)
def test_promtool_finds_nothing_wrong_with_the_rules(arguments: tuple[str, str, Path], promtool: str) -> None:
    judged = subprocess.run([promtool, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert "SUCCESS" in judged.stdout


def test_each_rule_has_a_case_in_which_it_comes_and_one_in_which_it_does_not() -> None:
    cases = [case for test in read(CASES)["tests"] for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in rules()}
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == names
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == names


def test_the_rules_ask_for_nothing_that_is_not_said() -> None:
    metrics = Metrics()
    metrics.tell(Event(kind="started", at=NOON))
    said = {one.name: one for one in metrics.families(Snapshot(now=NOON, vitals=Vitals()))}
    for rule in rules():
        asked = re.findall(r"(monitor_[a-z_]+)(?:\{(\w+)[=!])?", rule["expr"])
        assert asked
        for name, label in asked:
            family = said[name.removesuffix("_bucket")]
            assert not label or label in family.labels, (name, label)


def test_each_rule_says_what_to_do() -> None:
    howto = HOWTO.read_text(encoding="utf-8")
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"].keys() == {"summary", "description"}
        assert f"`{rule['alert']}`" in howto, rule["alert"]
