"""One night of hostile feeds over the whole daemon, by its command line: what is left behind.

No command ran (Liferea CVE-2023-1350, Newsboat CVE-2017-12904 and CVE-2017-14500: item titles, URLs and
enclosures went into a shell), no secret is written anywhere (FreshRSS CVE-2023-22481; httpx's log line),
nothing is active in what readers were sent, and no headline commands the terminal.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from monitor import config as configs
from monitor.__main__ import monitor
from monitor.commands._app import App
from monitor.errors import ConfigError
from tests.security.kit import LINKS, SCRIPTS, SOURCE, Page
from tests.world import Desk, Newsstand, Receiver, send
from tests.world import Page as Served

SUMMIT = "Trump and Putin will meet in Budapest, the Kremlin says"
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\x9d0;owned\x9c\u202e\r"

CANARIES = {
    "FEED_LOGIN": "reader:c4n4ry-feed-password",
    "FEED_HEADER": "c4n4ry-feed-header-token",
    "PROXY": "http://proxyuser:c4n4ry-proxy-password@127.0.0.1:{proxy}",
    "HOOK_URL": "http://127.0.0.1:{hook}/c4n4ry-hook-path/T0KEN?key=c4n4ry-hook-query",
    "HOOK_KEY": "whsec_" + b64encode(b"c4n4ry-hook-signing-key").decode(),
    "HOOK_HEADER": "Bearer c4n4ry-hook-bearer-token",
    "SLACK_URL": "http://127.0.0.1:{hook}/services/T00/B00/c4n4ry-slack-token",
    "MAIL_PASSWORD": "c4n4ry-mail-password",
    "TELEGRAM": "123456789:c4n4ry-telegram-bot-token-AAAAAAAAA",
    "NTFY": "tk_c4n4ryntfytoken",
    "UNUSED_HEADER": "c4n4ry-another-header",
    "DISCORD_URL": "http://127.0.0.1:{hook}/api/webhooks/1/c4n4ry-discord-token",
}
"""Twelve secrets, each where a desk has one."""


def shells(folder: Path) -> list[str]:
    """Return texts that leave a file behind in a shell, a template or a program that opens them."""
    mark = folder / "ran"
    return [
        f"$(touch {mark}-1)", f"`touch {mark}-2`", f"; touch {mark}-3;", f"| touch {mark}-4", f"&& touch {mark}-5",
        f"\n touch {mark}-6 \n", f"' ; touch {mark}-7; '", f'" ; touch {mark}-8; "', f"-o {mark}-9", f"> {mark}-10",
        f"${{IFS}}touch${{IFS}}{mark}-11", f"{{{{ cycler.__init__.__globals__.os.system('touch {mark}-12') }}}}",
        f"__import__('os').system('touch {mark}-13')", f"../../../../..{mark}-14", f"%0atouch {mark}-15",
    ]  # fmt: skip


def feeds(folder: Path) -> dict[str, Served]:
    """Return feeds whose every field means harm: as JSON, where any character can stand, and as RSS."""
    items = []
    for number, evil in enumerate([*SCRIPTS, *shells(folder), ESCAPES, "x" * 100_000]):
        link = [*LINKS, *(f"https://example.org/{quote(s)}" for s in shells(folder))][number % 30]
        items.append(
            {
                "id": f"{number} {evil}",
                "url": link if number % 2 else f"https://example.org/{number}?{evil[:300]}",
                "title": f"{evil[:900]} {SUMMIT} {number}",
                "summary": f"{evil} {SUMMIT}",
                "content_html": f"{evil} {SUMMIT}" * 2,
                "authors": [{"name": evil, "url": link}],
                "tags": [evil, link],
                "language": evil[:40],
                "attachments": [{"url": f"{link}/{evil[:200]}", "mime_type": "audio/mpeg"}],
            }
        )
    document = {"version": "https://jsonfeed.org/version/1.1", "title": SCRIPTS[0] + ESCAPES, "items": items}

    def escaped(text: str) -> str:
        plain = "".join(c for c in text if c == "\n" or c >= " ")
        return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")

    rss = "".join(
        f"<item><guid>r{n}</guid><title>{escaped(evil[:900])} {SUMMIT} {n}</title><link>{escaped(evil[:900])}</link>"
        f'<description>{escaped(evil)}</description><enclosure url="{escaped(evil[:900])}" type="{escaped(evil[:99])}"/>'
        f"<author>{escaped(evil[:99])}</author><category>{escaped(evil[:99])}</category></item>"
        for n, evil in enumerate([*shells(folder), *SCRIPTS[:20]])
    )
    return {
        "/json": Served(json.dumps(document).encode(), "application/feed+json"),
        "/rss": Served(f'<rss version="2.0"><channel><title>{escaped(SCRIPTS[0])}</title>{rss}</channel></rss>'.encode()),
        "/fails": Served(answer=_fails),
        "/broken": Served(f"<html>{SCRIPTS[0]}{ESCAPES}".encode(), f'text/html; charset="{SCRIPTS[5]}"'),
    }  # fmt: skip


def _fails(request: BaseHTTPRequestHandler) -> None:
    """Answer with an error whose every word is hostile."""
    send(request, 500, (SCRIPTS[0] + ESCAPES).encode(), "text/html", Retry_After="<script>")


class Echo(Receiver):
    """Takes what it gets; every second time it fails, and shows back all that it was sent."""

    def post(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        self.bodies.append((request.path, body))
        failing = len(self.bodies) % 2 == 0
        echo = f"{request.path}\n{request.headers}".encode()
        send(request, 500 if failing else 200, echo if failing else b'{"ok": true}', "application/json")

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        super().__init__()


@dataclass
class Night:
    """What was said and what was left: by command, its output; the folder; what receivers got."""

    folder: Path
    config: Path
    environ: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """Return the secrets, whole and in parts, as they must not be seen."""
        parts = [p for value in self.environ.values() for p in (value, *value.replace("/", ":").split(":"))]
        encoded = [b64encode(value.encode()).decode().rstrip("=") for value in self.environ.values()]
        return sorted({p for p in [*parts, *encoded, "c4n4ry"] if "c4n4ry" in p or p in encoded})


CONFIG = """
store: sqlite:monitor.db
include: ["{entities}/*.yaml"]
language: en
timezone: Asia/Dhaka
poll: {{per_host_gap: 0s, per_host: 8, minimum: 1s, timeout: 5s}}
network: {{allow_private: [127.0.0.0/8], contact: https://desk.example.org/contact}}
feeds:
  - {{url: "{stand}/json", source: Json, auth: env:FEED_LOGIN, headers: {{X-Api-Key: env:FEED_HEADER}}}}
  - {{url: "{stand}/rss", source: "Rss <script>alert(1)</script>", language: en}}
  - {{url: "{stand}/fails", source: Fails, headers: {{X-Other: env:UNUSED_HEADER}}}}
  - {{url: "{stand}/broken", source: Broken}}
  - {{url: "http://127.0.0.1:9/proxied", source: Proxied, proxy: env:PROXY}}
topics: {{summit: {{query: "@trump AND @putin"}}}}
channels:
  out: {{type: file, folder: out}}
  box: {{type: maildir, folder: mail}}
  hook: {{type: webhook, url: env:HOOK_URL, secret: env:HOOK_KEY, headers: {{Authorization: env:HOOK_HEADER}}}}
  wire: {{type: slack, url: env:SLACK_URL, gap: 0s}}
  chat: {{type: discord, url: env:DISCORD_URL, gap: 0s}}
  desk: {{type: email, to: [desk@example.org], server: "smtp://127.0.0.1:9", username: u, password: env:MAIL_PASSWORD}}
  gram: {{type: telegram, token: env:TELEGRAM, chat: "@room", server: "http://127.0.0.1:9", gap: 0s}}
  push: {{type: ntfy, topic: desk, server: "http://127.0.0.1:9", token: env:NTFY, gap: 0s}}
routes:
  now: {{topics: [summit], channels: [out, box, hook, wire, chat, desk, gram, push], send: immediate, group_wait: 0s}}
"""
ONCE: tuple[tuple[str, ...], ...] = (("once", "--verbose"), ("once", "--all", "--verbose", "--json"))
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("check",), ("check", "--json"), ("status",), ("status", "--json"), ("feeds", "list"), ("feeds", "list", "--json"),
    ("search", "putin"), ("search", "putin", "--json"), ("digest", "--route", "now", "--format", "text"),
    ("digest", "--route", "now", "--format", "json"), ("explain", SCRIPTS[0] + ESCAPES + SUMMIT),
)  # fmt: skip


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder = tmp_path_factory.mktemp("desk")
    with Newsstand(feeds(folder)) as stand, Echo() as hook:
        port = hook.url.rpartition(":")[2]
        environ = {name: value.format(hook=port, proxy="9") for name, value in CANARIES.items()}
        config = folder / "monitor.yaml"
        entities = SOURCE.parent / "config" / "entities"
        config.write_text(CONFIG.format(stand=stand.url, entities=entities), encoding="utf-8")
        made = Night(folder, config, environ)
        desk = Desk(folder)
        for command in ONCE:
            done = desk.run(*command, check=False, **environ)
            made.said[" ".join(command)] = done.stdout + done.stderr
        for command in (*COMMANDS, ("feeds", "test", f"{stand.url}/json")):
            app = App(environ={**desk.environ(), **environ})
            told = CliRunner().invoke(monitor, [*command, "--config", str(config)], obj=app)
            made.said[" ".join(command)[:40]] = told.output + (
                repr(told.exc_info[1]) if told.exc_info and told.exception else ""
            )
        made.sent = hook.bodies
        yield made


def test_the_night_was_one(night: Night) -> None:
    """Entries were found and sent, and what could not be delivered is in the outbox."""
    assert "Traceback" not in "".join(night.said.values())
    facts = json.loads(night.said["status --json"])
    assert facts["entries"] > 40
    assert facts["deliveries"]["sent"] > 2
    assert facts["deliveries"]["queued"] > 2
    assert facts["feeds"]["failing"] >= 3
    assert len(night.sent) > 2
    assert len(json.loads(night.said["search putin --json"])) > 10
    assert "45 entries" in night.said[next(name for name in night.said if name.startswith("feeds test"))]


# commands ─────────────────────────────────────────────────────────────────────────────────────


def test_cve_2023_1350_no_title_link_or_enclosure_runs_a_command(night: Night) -> None:
    """Liferea CVE-2023-1350, Newsboat CVE-2017-12904 (title) and CVE-2017-14500 (enclosure's file name)."""
    assert [p.name for p in night.folder.rglob("ran*")] == []
    assert sorted(p.name for p in night.folder.iterdir() if not p.name.startswith("monitor.")) == [
        "mail",
        "out",
    ]


def test_cve_2017_14500_no_file_is_called_as_a_feed_wants(night: Night) -> None:
    files = [p for p in night.folder.rglob("*") if p.is_file()]
    assert len(files) > 5
    for path in files:
        name = path.relative_to(night.folder).as_posix()
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,"), name


RUNNERS = frozenset({"system", "popen", "popen2", "spawnl", "spawnv", "spawnvp", "execv", "execvp", "execl", "startfile",
                     "getoutput", "getstatusoutput", "create_subprocess_shell"})  # fmt: skip
MODULES = frozenset(
    {"pickle", "marshal", "shelve", "dill", "cloudpickle", "pty", "commands", "code", "codeop"}
)
PROCESSES = {"parse/_pool.py"}
"""Who may start a process: the worker that reads feeds, with arguments of ours."""


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    paths = sorted(SOURCE.rglob("*.py"))
    return tuple((p.relative_to(SOURCE).as_posix(), ast.parse(p.read_text(encoding="utf-8"))) for p in paths)


def test_cve_2017_12904_there_is_no_shell_anywhere() -> None:
    """No shell, no `eval`, no pickle: whatever a feed says, there is nothing that would do it."""
    found = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                tops = {one.partition(".")[0] for one in names}
                if tops & MODULES or ("subprocess" in tops and name not in PROCESSES):
                    found.append(f"{name}:{node.lineno} imports {names}")
            elif isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                shell = any(k.arg == "shell" for k in node.keywords)
                bare = isinstance(node.func, ast.Name) and called in {"eval", "exec", "compile", "__import__"}
                if called in RUNNERS or shell or bare:
                    found.append(f"{name}:{node.lineno} calls {called}")
    assert found == []


def test_the_one_process_is_given_a_list_of_our_own_words() -> None:
    (call,) = [
        node
        for name, tree in trees()
        if name in PROCESSES
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "Popen"
    ]
    assert isinstance(call.args[0], ast.List)
    assert ast.unparse(call.args[0].elts[0]) == "sys.executable"


def test_a_program_is_opened_only_on_a_file_of_ours() -> None:
    """`digest --open` shows a page that we wrote; nothing opens an address out of a feed."""
    calls = [
        f"{name}: {ast.unparse(node.args[0])}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("click.launch", "webbrowser.open", "os.startfile")
    ]
    assert calls == ["commands/digest.py: str(target)"]


OUTSIDE = frozenset({"os", "io", "socket", "subprocess", "pathlib", "urllib", "httpx", "shutil", "tempfile", "lxml", "jq",
                     "ctypes", "importlib"})  # fmt: skip


def test_cve_2026_29039_queries_and_templates_have_no_way_to_a_file() -> None:
    """changedetection.io CVE-2026-29039 (XPath `unparsed-text`), CVE-2026-33981 (jq `env`): no such language.

    What a desk writes runs in match and render: neither knows files, sockets or the environment.
    """
    for name, tree in trees():
        if not name.startswith(("match/", "facts/", "follow", "life", "cluster/", "compose/", "languages/")):
            continue
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.partition(".")[0] for n in names if n != "urllib.parse"} & OUTSIDE, name
            opening = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
            )
            assert not opening, name


# secrets ──────────────────────────────────────────────────────────────────────────────────────


def test_cve_2023_22481_no_secret_is_in_what_is_said(night: Night) -> None:
    """FreshRSS CVE-2023-22481, and httpx's own log line: twelve canaries over every command and its log."""
    assert len(night.environ) == 12
    for command, text in night.said.items():
        assert [word for word in night.words if word in text] == [], command


def test_cve_2023_22481_no_secret_is_in_the_database_or_a_file(night: Night) -> None:
    for path in night.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert [word for word in night.words if word.encode() in data] == [], path.name
    database = sqlite3.connect(night.folder / "monitor.db")
    try:
        dump = "\n".join(database.iterdump())
    finally:
        database.close()
    assert [word for word in night.words if word in dump] == []
    assert "<script>" in dump, "what feeds say is stored as it is; only showing it makes it harmless"


def test_cve_2023_22481_no_secret_is_in_the_configs_repr_or_its_mistakes(night: Night) -> None:
    config = configs.load(night.config, night.environ)
    shown = [repr(config), str(config), repr(config.feeds), repr(config.channels), repr(config.secrets)]
    shown += [f"{options!r} {options}" for options in config.channels.values()]
    wrong = {name: f"\x00 not a url {value}" for name, value in night.environ.items()}
    with pytest.raises(ConfigError) as refused:
        configs.load(night.config, wrong)
    shown.append(str(refused.value))
    for text in shown:
        assert [word for word in night.words if word in text] == []


def test_secrets_reach_those_they_are_for(night: Night) -> None:
    """The measure would pass if nothing were sent at all."""
    paths = "".join(path for path, _ in night.sent)
    assert "c4n4ry-hook-path" in paths
    assert "c4n4ry-slack-token" in paths


# what readers see ─────────────────────────────────────────────────────────────────────────────


def test_cve_2026_27645_what_was_sent_is_harmless(night: Night) -> None:
    """Pages, mails and rooms, made by the daemon out of the very feeds."""
    written = {p.name: p.read_text("utf-8") for p in (night.folder / "out").glob("*.html")}
    index = Page(written.pop("index.html"))
    assert all(re.fullmatch(r"\w+-now-\w+-\w+\.(html|txt)", link) for link in index.links)
    assert len(index.active) == len(index.links)
    htmls = list(written.values())
    mails = [message_from_bytes(p.read_bytes()) for p in (night.folder / "mail" / "new").iterdir()]
    for mail in mails:
        assert mail["Bcc"] is None
        assert mail["To"] == "desk@localhost"
        html = list(mail.walk())[-1].get_payload(decode=True)
        assert isinstance(html, bytes)
        htmls.append(html.decode())
    assert len(htmls) > 3
    for html in htmls:
        assert Page(html).active == []
    for path, body in night.sent:
        assert all(u == "" or u.startswith(("http://", "https://")) for u in _urls(json.loads(body))), path


def _urls(value: object) -> Iterator[str]:
    match value:
        case dict():
            for key, one in value.items():
                if key == "url" and isinstance(one, str):
                    yield one
                yield from _urls(one)
        case list():
            for one in value:
                yield from _urls(one)


@pytest.mark.parametrize(
    "character", [c for c in ESCAPES if c not in "[]2J0;owned31m\r"] + ["\x00"], ids=ascii
)
def test_no_headline_commands_the_terminal(night: Night, character: str) -> None:
    """An escape sequence in a title can clear the screen, retype a line, or hide what follows."""
    for command, text in night.said.items():
        assert character not in text, command


def test_the_working_folder_is_untouched(night: Night) -> None:
    assert not [name for name in os.listdir(SOURCE.parent) if name.startswith("ran")]
