"""The configuration that comes with monitor: right, useful as it stands, and in step with its schema."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from monitor import config
from monitor.config import Config, schema
from monitor.config._cross import canonical
from monitor.match import Matcher
from monitor.model import Send

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "config"
LIST = ROOT.parent / "shared" / "data" / "feedlist" / "feeds.csv"


@pytest.fixture(scope="module")
def shipped() -> Config:
    return config.load(config.shipped_folder() / "monitor.yaml", {})


def test_it_is_right_and_warns_only_of_the_contact_that_must_be_filled_in(shipped: Config) -> None:
    assert [m.key for m in shipped.warnings] == ["network.contact"]


def test_it_needs_no_account(shipped: Config) -> None:
    assert {one.type for one in shipped.channels.values()} == {"file"}
    assert shipped.secrets == ()
    assert shipped.store.startswith("sqlite:")


def test_it_has_feeds_in_the_languages_of_the_event(shipped: Config) -> None:
    languages = [feed.language for feed in shipped.feeds if not feed.paused]
    assert len(languages) >= 110
    assert {"bn", "en", "ru", "uk", "hu", "de", "fr"} <= set(languages)
    assert languages.count("bn") >= 20
    assert {"IN", "BD", "GB"} <= {feed.country for feed in shipped.feeds if feed.language == "bn"}


def test_every_feed_says_publisher_language_country_and_rank(shipped: Config) -> None:
    for feed in shipped.feeds:
        assert feed.source
        assert feed.language != "und"
        assert re.fullmatch("[A-Z]{2}", feed.country)
        assert feed.tier in (1, 2, 3)


def test_search_engines_views_of_the_news_are_off_until_asked_for(shipped: Config) -> None:
    engines = [feed for feed in shipped.feeds if feed.source == "Google News"]
    assert engines
    assert all(feed.paused for feed in engines)


def test_no_feed_is_one_that_is_known_to_be_dead(shipped: Config) -> None:
    if not LIST.is_file():
        pytest.skip("needs the shared research data next to the checkout (data/feedlist)")
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = {canonical(row["url"]): row for row in csv.DictReader(file)}
    shaky = {url for url, row in rows.items() if row["confidence_2026"] not in ("high", "medium")}
    ours = {canonical(feed.url) for feed in shipped.feeds}
    assert not ours & shaky
    assert ours <= set(rows)


def test_the_desk_is_told_three_times_a_day_in_bengali_and_of_the_summit_at_once(shipped: Config) -> None:
    alert, day = shipped.routes
    assert (day.send, day.language, day.timezone) == (Send.DIGEST, "bn", "Asia/Dhaka")
    assert [f"{at:%H:%M}" for at in day.at] == ["07:30", "13:00", "19:00"]
    assert (alert.send, alert.topics) == (Send.IMMEDIATE, ("trump-putin-summit",))


def test_all_its_topics_and_entities_can_be_matched(shipped: Config) -> None:
    Matcher(shipped.entities, shipped.look_alikes, shipped.groups, shipped.topics)
    assert {topic.id for topic in shipped.topics} >= set(shipped.routes[1].topics)


# schema and reference ─────────────────────────────────────────────────────────────────────────


def test_the_schema_is_that_of_the_forms() -> None:
    written = json.loads((FOLDER / "monitor.schema.json").read_text(encoding="utf-8"))
    assert written == schema.schema(), "run: python -m monitor.config.schema"


def test_the_reference_is_that_of_the_forms() -> None:
    page = (ROOT / "docs" / "reference" / "config.md").read_text(encoding="utf-8")
    assert page == schema.page(), "run: python -m monitor.config.schema"


def test_every_setting_is_described() -> None:
    def undescribed(form: object, path: str) -> list[str]:
        properties = form.get("properties", {}) if isinstance(form, dict) else {}
        return [
            f"{path}.{name}"
            for name, one in properties.items()
            if "description" not in one and "const" not in one
        ]

    made = schema.schema()["properties"]
    found = []
    for name, one in made.items():
        if name == "channels":
            for case in next(iter(one["patternProperties"].values()))["allOf"]:
                found += undescribed(case["then"], case["if"]["properties"]["type"]["const"])
        else:
            found += undescribed(
                one.get("items") or next(iter(one.get("patternProperties", {"": one}).values())), name
            )
    assert found == []


SAMPLES = [FOLDER / "monitor.yaml", *sorted((FOLDER / "feeds").glob("*.yaml"))]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_each_file_names_the_schema_for_editors(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found
    assert (path.parent / found[1]).resolve() == FOLDER / "monitor.schema.json"


def test_the_commented_samples_are_right_when_uncommented(tmp_path: Path) -> None:
    """Each `# ` before a setting is an offer to remove it: what then stands there must be right."""
    text = (FOLDER / "monitor.yaml").read_text(encoding="utf-8")
    head, _, channels = text.partition("channels:\n")
    samples, _, routes = channels.partition("# Who is told")
    samples = re.sub(r"(?m)^  # ", "  ", samples)
    (tmp_path / "credentials").mkdir()
    for name in ("smtp-password", "slack-webhook", "webhook-secret"):
        value = {
            "slack-webhook": "https://hooks.slack.com/services/T0/B0/x",
            "webhook-secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        }
        (tmp_path / "credentials" / f"monitor_{name}").write_text(value.get(name, "word"), encoding="utf-8")
    include = "\n".join(f"  - {FOLDER}/{part}/*.yaml" for part in ("feeds", "entities", "topics"))
    head = re.sub(r"(?ms)^include:\n.*?\n\n", f"include:\n{include}\n\n", head)
    head = head.replace("  # proxy: http", "  proxy: http").replace("  # allow_private:", "  allow_private:")
    path = tmp_path / "monitor.yaml"
    path.write_text(f"{head}channels:\n{samples}# Who is told{routes}", encoding="utf-8")
    found = config.load(path, {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    assert set(found.channels) == {"pages", "desk", "wire", "cms"}
    assert len(found.secrets) == 3
    assert found.network.allow_private == ("10.20.0.0/16",)
