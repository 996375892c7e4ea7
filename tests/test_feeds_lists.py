"""Feeds in and out: OPML without loss, edits that keep every other letter of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from monitor import config as configs
from monitor.commands import feeds
from monitor.commands._app import App
from monitor.commands._feeds import lists
from monitor.config import Config, edit, feed_settings, load
from monitor.config._source import Source, read
from monitor.errors import ConfigError, ParseError
from monitor.formats import _opml

MAIN = "include: [feeds/*.yaml]\ntopics: {}\n"
FULL = """\
# Our papers, the best first.
feeds:
  - {url: "https://a.example/rss?x=1&y=[2]", source: "Ajker Khobor: আজকের খবর", language: bn, country: BD, tier: 1} # the first

  # asks for a login
  - url: https://b.example/feed
    source: "444"
    language: hu
    every: 5m
    headers: {Accept: application/rss+xml, X-Key: "env:B_KEY"}   # never in clear
    auth: env:B_LOGIN
    proxy: http://proxy.example:3128
    charset: windows-1250
    folder: Press/Hungary
    paused: true

  - {url: https://c.example/feed, folder: Press/Hungary}
  - {url: https://d.example/feed, source: "<D> & 'co' \\"x\\"", folder: Agencies}
  # the end
"""
ENVIRON = {"B_KEY": "secret-key", "B_LOGIN": "me:secret-word"}


def desk(folder: Path, text: str = FULL) -> Config:
    (folder / "feeds").mkdir(parents=True, exist_ok=True)
    (folder / "monitor.yaml").write_text(MAIN, encoding="utf-8")
    (folder / "feeds" / "all.yaml").write_text(text, encoding="utf-8")
    return load(folder / "monitor.yaml", ENVIRON)


def run(config: Config, *arguments: str, stdin: str = "") -> Result:
    app = App(environ=ENVIRON, config_paths=(config.path,))
    return CliRunner().invoke(feeds.command, list(arguments), obj=app, input=stdin)


def again(config: Config) -> Config:
    return load(config.path, ENVIRON)


# OPML ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_exported_and_imported_is_the_same_configuration(tmp_path: Path) -> None:
    first = desk(tmp_path / "one")
    opml = run(first, "export").stdout
    second = desk(tmp_path / "two", "feeds: []\n")
    done = run(second, "import", "-", "--file", str(tmp_path / "two/feeds/all.yaml"), "--json", stdin=opml)

    assert json.loads(done.stdout)["added"] == 4
    assert again(second).feeds == first.feeds
    assert run(again(second), "export").stdout == opml


def test_the_shipped_feeds_go_round(tmp_path: Path) -> None:
    shipped = load(configs.shipped_folder() / "monitor.yaml", {})
    opml = run(shipped, "export").stdout
    empty = desk(tmp_path, "feeds: []\n")
    run(empty, "import", "-", "--file", str(tmp_path / "feeds/all.yaml"), stdin=opml)
    assert again(empty).feeds == shipped.feeds
    assert len(shipped.feeds) > 50


def test_no_secret_is_in_a_list_but_its_name_is(tmp_path: Path) -> None:
    opml = run(desk(tmp_path), "export").stdout
    assert "secret" not in opml
    assert 'monitor:auth="env:B_LOGIN"' in opml


def test_folders_are_outlines_that_other_readers_know(tmp_path: Path) -> None:
    opml = run(desk(tmp_path), "export").stdout
    assert opml.count('<outline text="Press" title="Press">') == 1
    assert opml.index('text="Press"') < opml.index('text="Hungary"') < opml.index("https://b.example/feed")


def test_a_list_of_another_reader_is_taken(tmp_path: Path) -> None:
    config = desk(tmp_path, "feeds: []\n")
    body = """\ufeff<?xml version="1.0" encoding="utf-8"?><opml version="1.1"><head><title>Mine</title></head><body>
      <outline text="World"><outline title="One & only" type="rss" xmlUrl="https://one.example/rss?a=1&b=2" htmlUrl="https://one.example"/>
        <outline text="Asia"><outline text="Two" xmlurl="https://two.example/feed" language="bn"/></outline></outline>
      <outline text="No feed" type="link" url="https://x.example"/>
      <outline text="Three" category="/Tech/Web" xmlUrl="https://three.example/"/>
      <outline text="Bad" xmlUrl="not an address"/><outline text="One again" xmlUrl="https://one.example/rss?a=1&amp;b=2"/>
      </body></opml>"""
    done = run(config, "import", "-", "--json", stdin=body.replace("\ufeff", ""))
    facts = json.loads(done.stdout)
    assert (facts["added"], facts["known"], list(facts["skipped"])) == (3, 1, ["not an address"])
    found = {feed.url: (feed.source, feed.language, feed.folder) for feed in again(config).feeds}
    assert found["https://two.example/feed"] == ("Two", "bn", "World/Asia")
    assert found["https://three.example/"] == ("Three", "und", "Tech/Web")


@pytest.mark.parametrize(
    "body", [b"", b"<html/>", b"not xml", b"<!DOCTYPE x [<!ENTITY e 'x'>]><opml>&e;</opml>"]
)
def test_what_is_no_list_is_refused(body: bytes, tmp_path: Path) -> None:
    with pytest.raises(ParseError):
        _opml.read(body)
    assert run(desk(tmp_path), "import", "-", stdin=body.decode()).exit_code == 1


names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
)


@given(st.lists(st.builds(
    _opml.Outline,
    url=st.integers(0, 99).map(lambda n: f"https://{n}.example/feed?a=1&b=<2>"),
    title=names.map(str.strip).filter(bool),
    language=st.sampled_from(["", "bn", "pt-BR"]),
    folder=st.lists(names.map(lambda n: n.replace("/", "").strip()).filter(bool), max_size=3).map("/".join),
    settings=st.dictionaries(st.sampled_from(["every", "tier", "charset"]), names.map(str.strip), max_size=2),
), max_size=6))  # fmt: skip
def test_any_list_that_was_written_is_read_back(outlines: list[_opml.Outline]) -> None:
    assert _opml.read(_opml.write(outlines, title="x").encode()) == outlines


@given(st.dictionaries(
    st.sampled_from(["every", "tier", "charset", "headers", "auth", "paused", "source", "folder"]),
    names | st.booleans() | st.integers() | st.dictionaries(names, names, max_size=2), max_size=4,
))  # fmt: skip
def test_any_settings_that_were_outlined_are_written_again(settings: dict[str, object]) -> None:
    for key in ("source", "folder"):
        if key in settings:  # these are always text
            settings[key] = str(settings[key]).strip() or "x"
    written = {"url": "https://a.example/", **settings}
    assert lists.written(lists.outline(written), feed_settings()) == written


# edits ────────────────────────────────────────────────────────────────────────────────────────


def test_an_added_feed_is_one_more_line_and_nothing_else_changes(tmp_path: Path) -> None:
    config = desk(tmp_path)
    run(config, "add", "https://e.example/rss", "--no-check", "--source", "পঞ্চম: খবর", "--language", "bn",
        "--every", "10m", "--header", "X-Key=env:B_KEY", "--tier", "3")  # fmt: skip
    after = (tmp_path / "feeds/all.yaml").read_text("utf-8").splitlines()
    new = [line for line in after if line not in FULL.splitlines()]
    assert new == [
        '  - {url: https://e.example/rss, source: "পঞ্চম: খবর", language: bn, every: "10m", tier: 3, headers: {X-Key: env:B_KEY}}'
    ]
    assert [line for line in after if line not in new] == FULL.splitlines()
    assert again(config).feeds[-1].source == "পঞ্চম: খবর"


@pytest.mark.parametrize(
    "url", ["https://a.example/rss?x=1&y=[2]", "https://b.example/feed", "https://d.example/feed"]
)
def test_a_removed_feed_takes_its_lines_and_no_comment_of_its_own_line(tmp_path: Path, url: str) -> None:
    config = desk(tmp_path)
    run(config, "remove", url)
    after = (tmp_path / "feeds/all.yaml").read_text("utf-8").splitlines()
    assert all(line in FULL.splitlines() for line in after)
    assert {"# Our papers, the best first.", "  # asks for a login", "  # the end"} <= set(after)
    assert [feed.url for feed in again(config).feeds] == [one.url for one in config.feeds if one.url != url]


@pytest.mark.parametrize(
    "text",
    [
        "feeds:\n",
        "feeds: []\n",
        "feeds: [] # none yet\n# more\nlanguage: bn\n",
        "# nothing here\n",
        "language: bn",
        "feeds:\n- url: https://x.example/\n  source: X\n\n\n# after\nlanguage: bn\n",
        "feeds: [{url: https://x.example/}] # short\n# more\n",
        "feeds:\n    -   url: https://x.example/\n        headers:\n            A: b\n\n    # below\n",
        "feeds:\r\n  - {url: https://x.example/}\r\n",
        "feeds:\n  - {url: https://x.example/}",
    ],
)
def test_adding_and_removing_gives_the_same_feeds_and_keeps_comments(tmp_path: Path, text: str) -> None:
    config = desk(tmp_path, text)
    place = tmp_path / "feeds" / "all.yaml"
    carriages = place.read_bytes().count(b"\r")
    edit.add(config, [{"url": "https://n.example/a?b=1&c=[2]", "source": "no"}], ENVIRON, file=place)
    config = again(config)
    assert [(one.url, one.source) for one in config.feeds][-1] == ("https://n.example/a?b=1&c=[2]", "no")
    edit.remove(config, "https://n.example/a?b=1&c=[2]", ENVIRON)
    assert [one.url for one in again(config).feeds] == [one.url for one in config.feeds[:-1]]
    after = place.read_text("utf-8")
    assert place.read_bytes().count(b"\r") == carriages
    assert all(
        comment in after for comment in ("# more", "# after", "# below", "# none yet") if comment in text
    )


def test_a_new_feed_goes_where_feeds_of_its_language_are(tmp_path: Path) -> None:
    config = desk(tmp_path)
    (tmp_path / "feeds" / "ru.yaml").write_text("feeds:\n  - {url: https://r.example/, language: ru}\n")
    config = again(config)
    assert edit.add(config, [{"url": "https://s.example/", "language": "ru"}], ENVIRON).name == "ru.yaml"
    assert edit.add(config, [{"url": "https://t.example/", "language": "bn"}], ENVIRON).name == "all.yaml"


def test_a_wrong_feed_changes_nothing_and_says_where(tmp_path: Path) -> None:
    config = desk(tmp_path)
    with pytest.raises(ConfigError, match="language"):
        edit.add(config, [{"url": "https://e.example/", "language": "bengali"}], ENVIRON)
    with pytest.raises(ConfigError, match="not one of the files"):
        edit.add(config, [{"url": "https://e.example/"}], ENVIRON, file=tmp_path / "elsewhere.yaml")
    assert (tmp_path / "feeds/all.yaml").read_text("utf-8") == FULL
    assert not (tmp_path / "elsewhere.yaml").exists()
    assert [path.name for path in (tmp_path / "feeds").iterdir()] == ["all.yaml"]


def test_a_feed_that_is_there_is_not_added_and_one_that_is_not_not_removed(tmp_path: Path) -> None:
    config = desk(tmp_path)
    assert run(config, "add", "https://c.example/feed", "--no-check").exit_code == 1
    assert isinstance(run(config, "remove", "https://nobody.example/").exception, ConfigError)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_one_line_of_yaml_that_reads_as_itself(text: str) -> None:
    source = Source.of("x", f"- {edit.line({'a': text})}\n")
    if any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029\ufeff\ufffe\uffff" for c in text):
        return
    root, mistakes = read(source)
    assert not mistakes
    assert root is not None
    assert root.plain() == [{"a": text}]
