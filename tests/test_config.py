"""Config: what is read, what is refused, and where it is said to be wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor import config
from monitor.config import Config, _cross
from monitor.config._kinds import WrongError
from monitor.config._places import language, url, zone
from monitor.config._source import Source, masked, read, word
from monitor.config._times import (
    cron,
    octets,
    seconds,
    show_duration,
    show_size,
    weekdays,
)
from monitor.errors import ConfigError, Mistake
from monitor.model import Secret, Send, WebSettings
from tests.config_golden import ENVIRON, cases, said

WHOLE = """\
store: sqlite:monitor.db
language: bn
timezone: Asia/Dhaka
keep: {entries: 100d, bodies: 10d}
poll: {every: 10m, minimum: 2m, maximum: 1h30m, max_body: 5MB, per_host_gap: 500s}
network: {allow_private: [127.0.0.0/8, 10.1.2.3], contact: desk@news.test, proxy: "env:PROXY"}
feeds:
  - url: https://www.news.test/rss
    language: bn
    country: no
    headers: {X-Token: "env:TOKEN", Accept-Language: bn}
    auth: env:LOGIN
  - {url: "http://127.0.0.1:8000/a", source: Local, every: 2m, tier: 1, paused: true, charset: cp1251}
entities:
  putin: {type: person, label: {bn: পুতিন}, names: {bn: [পুতিন], en: Putin}, forms: {ru: [Путин, Путина]}}
look_alikes:
  putin_street: {claims: {en: [Putin Street]}}
groups: {leaders: [putin, putin_street]}
topics:
  talks: {title: {en: Talks}, query: "@leaders AND word"}
channels:
  pages: {type: file, folder: out}
routes:
  day:
    topics: talks
    channels: [pages]
    at: [12:30, "07:30"]
    weekdays: [sun-tue, fri]
    quiet: 23:00-06:00
  now: {topics: [talks], channels: [pages], send: immediate, language: en, timezone: UTC, budget: 3}
"""
SECRETS = {"TOKEN": "t-value\n", "LOGIN": "reader:p-value", "PROXY": "http://me:x-value@proxy.test:3128"}


def written(folder: Path, text: str, name: str = "monitor.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    return config.load(written(folder, text), environ or {})


def mistakes(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[Mistake]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, environ)
    return [m for m in caught.value.mistakes if not m.warning]


@pytest.fixture
def whole(tmp_path: Path) -> Config:
    return loaded(tmp_path, WHOLE, SECRETS)


# wrong configs ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case", cases(), ids=lambda path: path.stem)
def test_a_wrong_config_is_told_what_is_wrong_and_where(case: Path) -> None:
    assert said(case) == case.with_suffix(".txt").read_text(encoding="utf-8")


def test_there_are_many_wrong_configs() -> None:
    assert len(cases()) >= 40


@pytest.mark.parametrize("case", cases(), ids=lambda path: path.stem)
def test_every_mistake_names_file_line_and_column(case: Path) -> None:
    try:
        found = config.load(case, ENVIRON).warnings
    except ConfigError as error:
        found = error.mistakes
    assert found
    for mistake in found:
        assert Path(mistake.file).is_file()
        placeless = mistake.problem.startswith(("the file is empty", "no feeds", "no routes"))
        assert placeless or (mistake.line and mistake.column)


def test_no_mistake_shows_a_secret(tmp_path: Path) -> None:
    text = (
        "feeds:\n"
        "  - {url: 'https://reader:hunter2@news.test/', auth: hunter2word, evry: 1}\n"
        "store: postgresql://monitor:hunter2@db.test/monitor\n"
        "network: {proxy: 'ftp://me:hunter2@proxy.test'}\n"
        "channels: {wire: {type: slack, url: 'https://hooks.slack.com/services/T0/B0/hunter2', colour: red}}\n"
    )
    found = mistakes(tmp_path, text)
    assert len(found) >= 4
    assert "hunter2" not in "\n".join(map(str, found))


def test_mistakes_in_all_included_files_are_told_together(tmp_path: Path) -> None:
    written(tmp_path, "feeds:\n  - {url: https://news.test/rss, evry: 5m}\n", "feeds/a.yaml")
    written(tmp_path, "topics:\n  x: {qery: word}\n", "topics/a.yaml")
    written(tmp_path, "feeds: [\n", "feeds/b.yaml")
    found = mistakes(tmp_path, "include: [feeds/*.yaml, topics/*.yaml]\nlangage: bn\n")
    assert [(Path(m.file).name, m.line) for m in found] == [
        ("monitor.yaml", 2),
        ("a.yaml", 2),
        ("b.yaml", 1),
        ("a.yaml", 2),
        ("a.yaml", 2),
    ]


def test_names_are_not_called_unknown_while_a_file_cannot_be_read(tmp_path: Path) -> None:
    written(tmp_path, "topics: {talks: [\n", "topics.yaml")
    text = "include: topics.yaml\nchannels: {p: {type: file, folder: x}}\nroutes: {day: {topics: talks, channels: p, at: '07:30'}}\n"
    found = mistakes(tmp_path, text)
    assert [Path(m.file).name for m in found] == ["topics.yaml"]


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "monitor.yaml"
    path.write_bytes(b"language: bn\ntimezone: \xff\xfe\n")
    with pytest.raises(ConfigError) as caught:
        config.load(path, {})
    assert (caught.value.mistakes[0].line, caught.value.mistakes[0].hint) == (2, "save it as UTF-8")


def test_a_config_that_is_not_there_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        config.load(tmp_path / "nowhere.yaml", {})


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*"abc{}[]:,-?&*!|>'\"%@`# \n\t01", "feeds", "url: ", "routes: ", "at", "\n  ", "~", "é", "\x07"]
        ),
        max_size=40,
    ).map("".join)
)
@example("a: 1\nb: *a\n? [x]\n: y\n")
@example("- - - -\n")
@example("'''")
@example("[" * 2000)
def test_any_text_gives_a_config_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with suppress(ConfigError):
        loaded(folder, text)


# values ───────────────────────────────────────────────────────────────────────────────────────


def test_everything_written_arrives_as_a_value(whole: Config, tmp_path: Path) -> None:
    assert whole.store == f"sqlite:{tmp_path}/monitor.db"
    assert (whole.language, whole.timezone) == ("bn", "Asia/Dhaka")
    assert whole.poll.maximum == timedelta(hours=1, minutes=30)
    assert whole.poll.max_body == 5_000_000
    assert whole.keep.bodies == timedelta(days=10)
    assert whole.network.allow_private == ("127.0.0.0/8", "10.1.2.3/32")
    first, second = whole.feeds
    assert (first.source, first.country, first.language) == ("news.test", "NO", "bn")
    assert first.headers == {"X-Token": Secret("t-value"), "Accept-Language": "bn"}
    assert first.auth == Secret("reader:p-value")
    assert (second.every, second.tier, second.paused) == (timedelta(minutes=2), 1, True)
    assert whole.entities[0].names == {"bn": ("পুতিন",), "en": ("Putin",)}
    assert whole.groups == {"leaders": ("putin", "putin_street")}
    assert whole.topics[0].title == {"en": "Talks"}
    day, now = whole.routes
    assert day.at == (time(7, 30), time(12, 30))
    assert day.weekdays == {6, 0, 1, 4}
    assert day.quiet == ((time(23), time(6)),)
    assert (day.language, day.timezone, day.topics) == ("bn", "Asia/Dhaka", ("talks",))
    assert (now.language, now.timezone, now.send, now.budget) == ("en", "UTC", Send.IMMEDIATE, 3)
    assert whole.channels["pages"].type == "file"
    assert whole.warnings == ()


def test_what_is_not_written_has_the_defaults_of_the_model(tmp_path: Path) -> None:
    found = loaded(tmp_path, "language: en\n")
    assert found.poll == type(found.poll)()
    assert found.keep == type(found.keep)()
    assert found.network == type(found.network)()
    assert found.templates is None


def test_no_secret_is_in_the_repr(whole: Config) -> None:
    assert not any(word in repr(whole) for word in ("t-value", "p-value", "x-value"))
    assert {s.value for s in whole.secrets} == {"t-value", "reader:p-value", "x-value"}


def test_the_password_of_the_store_is_used_but_not_shown(tmp_path: Path) -> None:
    found = loaded(tmp_path, "store: env:STORE\n", {"STORE": "postgresql://me:hunter2@db.test/news"})
    assert found.store == "postgresql://me:hunter2@db.test/news"
    assert "hunter2" not in repr(found)
    assert "***@db.test" in repr(found.store)
    assert not any("password" in m.problem for m in found.warnings)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("12:30", "12:30"), ("no", "no"), ("on", "on"), ("2025-10-16", "2025-10-16"), ("0x1F", "0x1F"),
        ("1_000", "1_000"), ("true", True), ("null", None), ("-7", -7), ("1.5", 1.5), ("1e3", 1000.0),
    ],
)  # fmt: skip
def test_plain_words_mean_what_yaml_1_2_says(text: str, meaning: object) -> None:
    root, found = read(Source.of("x", f"key: {text}\n"))
    assert root is not None
    assert (root.plain(), found) == ({"key": meaning}, [])


def test_an_explicit_string_tag_keeps_a_number_a_text() -> None:
    root, _ = read(Source.of("x", "key: !!str 444\n"))
    assert root is not None
    assert root.plain() == {"key": "444"}
    assert word("444") == 444


def test_anchors_and_aliases_are_written_out(tmp_path: Path) -> None:
    text = "feeds:\n  - {url: https://a.test/1, headers: &h {X-A: b}}\n  - {url: https://a.test/2, headers: *h}\n"
    assert loaded(tmp_path, text).feeds[1].headers == {"X-A": "b"}


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "monitor.yaml"
    path.write_bytes("\ufefflanguage: bn\r\ntimezone: Asia/Daka\r\n".encode())
    with pytest.raises(ConfigError) as caught:
        config.load(path, {})
    wrong = next(m for m in caught.value.mistakes if not m.warning)
    assert (wrong.line, wrong.column) == (2, 11)


def test_included_files_are_merged_once_each_in_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        written(tmp_path, f"feeds: [{{url: https://{name}.test/}}]\n", f"feeds/{name}.yaml")
    found = loaded(tmp_path, "include: [feeds/*.yaml, feeds/a.yaml]\nfeeds: [{url: https://main.test/}]\n")
    assert [f.url for f in found.feeds] == ["https://main.test/", "https://a.test/", "https://b.test/"]
    assert [p.name for p in found.files] == ["monitor.yaml", "a.yaml", "b.yaml"]


def test_settings_of_one_group_may_stand_in_two_files(tmp_path: Path) -> None:
    written(tmp_path, "poll: {every: 30m}\n", "more.yaml")
    found = loaded(tmp_path, "include: more.yaml\npoll: {minimum: 10m}\n")
    assert (found.poll.every, found.poll.minimum) == (timedelta(minutes=30), timedelta(minutes=10))


def test_a_page_without_what_serves_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cross, "find_spec", lambda name: None if name == "uvicorn" else name)

    found = [m for m in mistakes(tmp_path, "web: {listen: '127.0.0.1:8080'}\n") if not m.warning]

    assert [(m.line, m.column, m.key, m.hint) for m in found] == [
        (1, 15, "web.listen", "pip install 'monitor-daemon[web]'")
    ]
    assert "uvicorn" in found[0].problem


def test_a_page_on_loopback_needs_no_password(tmp_path: Path) -> None:
    made = loaded(tmp_path, "web: {listen: '[::1]:8080', public_url: 'https://monitor.news.test/desk/'}\n")

    assert made.web == WebSettings(host="::1", port=8080, public_url="https://monitor.news.test/desk")


def test_the_page_s_password_is_kept_out_of_the_log(tmp_path: Path) -> None:
    made = loaded(tmp_path, "web: {listen: '0.0.0.0:80', password: 'env:WORD'}\n", {"WORD": "rosogolla"})

    assert made.secrets == (Secret("rosogolla"),)


def test_polling_on_loopback_may_be_as_fast_as_one_likes(tmp_path: Path) -> None:
    text = (
        "poll: {minimum: 0s, every: 1s}\nfeeds: [{url: 'http://127.0.0.1:1/a'}, {url: 'http://[::1]:1/b'}]\n"
    )
    assert loaded(tmp_path, text).poll.minimum == timedelta()


# secrets ──────────────────────────────────────────────────────────────────────────────────────


def test_secrets_come_from_environment_file_and_credential(tmp_path: Path) -> None:
    written(tmp_path, "from:file\n", "secret.txt")
    written(tmp_path, "from:systemd", "credentials/login")
    text = "feeds:\n" + "".join(
        f"  - {{url: https://{n}.test/, auth: '{ref}'}}\n"
        for n, ref in enumerate(("env:LOGIN", "file:secret.txt", "credential:login"))
    )
    environ = {"LOGIN": "from:env", "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    found = loaded(tmp_path, text, environ)
    assert [f.auth and f.auth.value for f in found.feeds] == ["from:env", "from:file", "from:systemd"]


def test_a_credential_cannot_climb_out_of_its_folder(tmp_path: Path) -> None:
    text = "feeds: [{url: https://a.test/, auth: 'credential:../secret'}]\n"
    assert "plain name" in mistakes(tmp_path, text, {"CREDENTIALS_DIRECTORY": str(tmp_path)})[0].problem


@pytest.mark.parametrize(
    "line",
    [
        "password: hunter2",
        "{type: email, password: 'hunter2', to: [a]}",
        'url: "https://hooks.slack.com/services/T1/B2/hunter2"',
        "store: postgresql://me:hunter2@host/db",
    ],
)
def test_what_looks_like_a_secret_is_starred_out_in_excerpts(line: str) -> None:
    shown = masked(line)
    assert "hunter2" not in shown
    assert len(shown) == len(line)


@pytest.mark.parametrize(
    "line", ["server: smtp://mail.test:25", "password: env:SMTP", "url: https://a.test/x"]
)
def test_what_is_no_secret_stays_readable_in_excerpts(line: str) -> None:
    assert masked(line) == line


# where files are ──────────────────────────────────────────────────────────────────────────────


def test_the_config_is_the_named_one_then_the_environments_then_the_near_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named, other = written(tmp_path, "{}", "a.yaml"), written(tmp_path, "{}", "b/monitor.yaml")
    environ = {"MONITOR_CONFIG": str(other)}
    assert config.find(named, environ) == named
    assert config.find(None, environ) == other
    assert config.find(tmp_path / "b", {}) == other
    assert config.find(None, {}).parent in (config.shipped_folder(), Path("/etc/monitor"))
    written(tmp_path, "{}", "config/monitor.yaml")
    assert config.find(None, {}) == Path("config/monitor.yaml")


def test_a_named_config_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="monitor init"):
        config.find(tmp_path / "nowhere.yaml", {})
    with pytest.raises(ConfigError, match="MONITOR_CONFIG"):
        config.find(None, {"MONITOR_CONFIG": str(tmp_path / "nowhere")})


def test_a_relative_store_is_under_the_state_directory_if_there_is_one(tmp_path: Path) -> None:
    path = written(tmp_path, "store: sqlite:data/news.db\n")
    assert config.load(path, {}).store == f"sqlite:{tmp_path}/data/news.db"
    under = config.load(path, {"STATE_DIRECTORY": "/var/lib/monitor:/var/lib/other"})
    assert (under.store, under.folder) == ("sqlite:/var/lib/monitor/data/news.db", Path("/var/lib/monitor"))


def test_an_absolute_store_stays_where_it_is(tmp_path: Path) -> None:
    found = loaded(tmp_path, "store: sqlite:/srv/news.db\n", {"STATE_DIRECTORY": "/var/lib/monitor"})
    assert found.store == "sqlite:/srv/news.db"


def test_templates_are_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert loaded(tmp_path, "templates: mine\n").templates == tmp_path / "mine"


# small languages ──────────────────────────────────────────────────────────────────────────────


@given(st.integers(0, 10**8))
def test_a_duration_that_is_shown_is_read_back(n: int) -> None:
    assert seconds(show_duration(timedelta(seconds=n))) == timedelta(seconds=n)


@given(st.integers(0, 10**11))
def test_a_size_that_is_shown_is_read_back(n: int) -> None:
    assert octets(show_size(n)) == n


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_by_every_small_language(text: str) -> None:
    for reader in (seconds, octets, cron, weekdays, zone, language, url):
        with suppress(WrongError):
            reader(text)


@pytest.mark.parametrize(
    "line", ["30 7 * * *", "*/15 6-20 * * mon-fri", "0 0 1,15 jan-jun,dec sun", "0 9-17/2 * * *"]
)
def test_cron_lines_that_mean_one_thing_are_taken(line: str) -> None:
    assert cron(line) == line


@pytest.mark.parametrize("line", ["60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "5-1 * * * *", "*/0 * * * *", "1-2-3 * * * *", "a * * * *", ", * * * *"])  # fmt: skip
def test_cron_lines_that_mean_nothing_are_refused(line: str) -> None:
    with pytest.raises(WrongError):
        cron(line)


def test_spans_of_days_may_pass_the_end_of_the_week() -> None:
    assert weekdays("sat-mon") == {5, 6, 0}
    assert weekdays(["Monday", "wed,fri"]) == {0, 2, 4}


_STYLES: dict[str, Callable[[str], str]] = {
    "plain": lambda text: f"key: {text}\n",
    "single": lambda text: "key: '" + text.replace("'", "''") + "'\n",
    "double": lambda text: (
        'key: &a "' + text.replace("\\", "\\\\").replace('"', '\\"').replace("é", "\\u00e9") + '"\n'
    ),
    "literal": lambda text: "key: |2-  # note\n" + "".join(f"    {line}\n" for line in text.splitlines()),
    "folded": lambda text: "key: >\n" + "".join(f"   {word}\n" for word in text.split()),
}


@given(
    st.lists(st.text("abé@()", min_size=1, max_size=6), min_size=1, max_size=6).map(" ".join),
    st.sampled_from(sorted(_STYLES)),
    st.data(),
)
def test_a_place_in_a_text_is_found_in_the_file_in_every_style(
    words: str, style: str, data: st.DataObject
) -> None:
    words = f"x{words}'" if style == "single" else f"x{words}"
    source = Source.of("x", _STYLES[style](words))
    root, found = read(source)
    assert root is not None
    assert not found
    assert isinstance(root.value, dict)
    node = root.value["key"].node
    value = str(node.value)
    offset = data.draw(st.sampled_from([n for n, c in enumerate(value) if not c.isspace()]))
    at = node.index_of(offset)
    assert source.text[at] == value[offset] or source.text[at:].startswith("\\u00e9")


def test_a_place_after_the_end_of_a_text_is_after_it_in_the_file() -> None:
    source = Source.of("x", "key: '@a AND'\nb: c\n")
    root, _ = read(source)
    assert root is not None
    assert isinstance(root.value, dict)
    assert source.text[root.value["key"].node.index_of(6)] == "'"


# changes ──────────────────────────────────────────────────────────────────────────────────────


def test_nothing_changed_is_nothing_told(whole: Config) -> None:
    assert config.changes(whole, whole) == []


def test_a_reload_says_what_changed(whole: Config) -> None:
    feeds = tuple(replace(whole.feeds[0], url=f"https://new.test/{n}") for n in range(2))
    new = replace(
        whole,
        timezone="UTC",
        poll=replace(whole.poll, every=timedelta(minutes=20)),
        feeds=(*whole.feeds[:1], *feeds),
        topics=(replace(whole.topics[0], query="other"),),
        routes=(replace(whole.routes[0], at=(time(8),), weekdays=frozenset({0})),),
    )
    assert config.changes(whole, new) == [
        "timezone Asia/Dhaka → UTC",
        "poll every 10m → 20m",
        "+2 feeds",
        "−1 feed",
        "topic talks edited",
        "−route now",
        "route day at 07:30, 12:30 → 08:00",
        "route day weekdays mon, tue, fri, sun → mon",
    ]


def test_a_reload_shows_no_secret(whole: Config) -> None:
    feed = replace(whole.feeds[0], auth=Secret("reader:other-value"))
    network = replace(whole.network, proxy=None)
    told = config.changes(whole, replace(whole, feeds=(feed, *whole.feeds[1:]), network=network))
    assert told == [
        "network proxy http://me:***@proxy.test:3128 → none",
        "feed https://www.news.test/rss edited",
    ]
