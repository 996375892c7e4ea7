"""init, check and entities: what a desk meets first."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result

from monitor.commands import check, entities, init
from monitor.commands._app import App

SMALL = """\
network: {allow_private: 127.0.0.0/8}
poll: {minimum: 0s, timeout: 5s, per_host_gap: 0s}
feeds:
  - {url: "http://127.0.0.1:PORT/feed", source: One}
  - {url: "http://127.0.0.1:PORT/off", source: Two, paused: true}
entities:
  putin: {type: person, label: {en: Vladimir Putin}, names: {en: [Putin], bn: [পুতিন]}, note: Of Russia.}
look_alikes: {putin_street: {claims: {en: [Putin Street]}}}
groups: {leaders: [putin]}
topics: {talks: {query: "@putin AND talks"}}
channels: {pages: {type: file, folder: out}}
routes: {day: {topics: talks, channels: pages, at: "07:30"}}
"""


def run(command: object, *arguments: str, config: Path | None = None) -> Result:
    app = App(environ={}, config_paths=(config,) if config else ())
    return CliRunner().invoke(command, list(arguments), obj=app)  # type: ignore[arg-type]


def small(folder: Path, text: str = SMALL, port: int = 9) -> Path:
    path = folder / "monitor.yaml"
    path.write_text(text.replace("PORT", str(port)), encoding="utf-8")
    return path


# init ─────────────────────────────────────────────────────────────────────────────────────────


def test_init_writes_a_config_that_check_finds_right(tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    done = run(init.command, str(desk))
    assert done.exit_code == 0
    assert f"monitor check --config {desk / 'monitor.yaml'}" in done.stderr
    assert done.stdout == ""
    assert (desk / "monitor.schema.json").is_file()
    checked = run(check.command, config=desk)
    assert checked.exit_code == 0
    assert "network.contact: this is an example" in checked.stderr
    assert "1 warning" in checked.stdout
    assert not list(desk.glob("*.db")), "checking makes no database"


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious", encoding="utf-8")
    done = run(init.command, str(tmp_path))
    assert (done.exit_code, [p.name for p in tmp_path.iterdir()]) == (1, ["mine"])
    assert "not empty" in done.stderr


def test_init_into_an_empty_folder_is_fine(tmp_path: Path) -> None:
    assert run(init.command, str(tmp_path)).exit_code == 0
    assert (tmp_path / "feeds" / "bengali.yaml").is_file()


def test_init_where_nothing_may_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run(init.command, str(tmp_path / "file" / "desk"))
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


# check ────────────────────────────────────────────────────────────────────────────────────────


def test_check_of_a_right_config_says_what_is_in_it(tmp_path: Path) -> None:
    done = run(check.command, config=small(tmp_path))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        f"{tmp_path}/monitor.yaml: all is well\n2 feeds, 1 entities, 1 topics, 1 channels, 1 routes\n"
    )


def test_check_of_a_wrong_config_exits_78_with_every_mistake_on_stderr(tmp_path: Path) -> None:
    text = SMALL.replace("07:30", "25:30").replace("putin]", "putn]")
    done = run(check.command, config=small(tmp_path, text))
    assert done.exit_code == 78
    assert "'25:30' is not a time of day" in done.stderr
    assert "did you mean 'putin'?" in done.stderr
    assert "2 mistakes" in done.stdout


def test_check_as_json_holds_the_same(tmp_path: Path) -> None:
    done = run(check.command, "--json", config=small(tmp_path, SMALL.replace("07:30", "25:30")))
    said = json.loads(done.stdout)
    assert (done.exit_code, said["ok"]) == (78, False)
    assert {k: said["mistakes"][0][k] for k in ("line", "column", "key", "warning")} == {
        "line": 12,
        "column": 52,
        "key": "routes.day.at",
        "warning": False,
    }
    right = json.loads(run(check.command, "--json", config=small(tmp_path)).stdout)
    assert (right["ok"], right["counts"]["feeds"], right["store"]) == (True, 2, {"ok": True, "detail": ""})


def test_check_finds_a_wrong_template(tmp_path: Path) -> None:
    override = tmp_path / "mine" / "file"
    override.mkdir(parents=True)
    (override / "digest.html.j2").write_text("{% if %}", encoding="utf-8")
    done = run(check.command, config=small(tmp_path, "templates: mine\n" + SMALL))
    assert done.exit_code == 78
    assert "digest.html.j2" in done.stderr


def test_check_finds_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").write_bytes(b"this is no database" * 100)
    done = run(check.command, config=small(tmp_path))
    assert done.exit_code == 1
    assert "store: " in done.stderr


def test_check_finds_a_store_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run(check.command, config=small(tmp_path, "store: sqlite:file/monitor.db\n" + SMALL))
    assert done.exit_code == 1
    assert "cannot be made" in done.stderr


@contextmanager
def publisher(answer: bytes) -> Iterator[int]:
    """Serve one answer to every request on loopback; give the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        server = await asyncio.start_server(serve, sock=door)
        started.set()
        async with server:
            await stop.wait()

    door = socket.create_server(("127.0.0.1", 0))
    port: int = door.getsockname()[1]
    loop, stop, started = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=[main()])
    thread.start()
    started.wait(5)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()


def test_check_network_asks_each_feed_that_is_not_paused(tmp_path: Path) -> None:
    body = b"<rss/>"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with publisher(head.encode() + body) as port:
        done = run(check.command, "--network", config=small(tmp_path, port=port))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1 of 1 feeds answered" in done.stdout


def test_check_network_names_the_feeds_that_do_not_answer(tmp_path: Path) -> None:
    with publisher(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as port:
        done = run(check.command, "--network", "--json", config=small(tmp_path, port=port))
    line = json.loads(done.stdout)["network"][0]
    assert done.exit_code == 1
    assert (line["source"], line["ok"], line["reason"]) == ("One", False, "http-5xx")


# entities ─────────────────────────────────────────────────────────────────────────────────────


def test_an_entity_shows_its_forms_by_language(tmp_path: Path) -> None:
    done = run(entities.command, "show", "@putin", config=small(tmp_path))
    assert done.exit_code == 0
    assert "@putin  person  Vladimir Putin" in done.stdout
    assert "Of Russia." in done.stdout
    assert "more (--all)" in done.stdout
    everything = run(entities.command, "show", "putin", "--all", config=small(tmp_path)).stdout
    assert "পুতিনের" in everything


def test_an_entity_as_json_has_every_form_with_where_it_is_from(tmp_path: Path) -> None:
    said = json.loads(run(entities.command, "show", "putin", "--json", config=small(tmp_path)).stdout)
    assert {"text": "Putin", "language": "en", "source": "names", "base": "Putin"} in said["forms"]


def test_an_unknown_entity_is_answered_with_the_nearest(tmp_path: Path) -> None:
    done = run(entities.command, "show", "putn", config=small(tmp_path))
    assert done.exit_code != 0
    assert "did you mean" in str(done.exception)


def test_entities_look_alikes_and_groups_are_listed(tmp_path: Path) -> None:
    done = run(entities.command, "list", config=small(tmp_path))
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["@putin", "@putin_street", "@leaders"]


def test_check_finds_a_database_that_cannot_be_made(tmp_path: Path) -> None:
    # A file where the folder should be: unlike a closed folder, it stops root as well.
    (tmp_path / "closed").write_text("")
    done = run(check.command, config=small(tmp_path, "store: sqlite:closed/monitor.db\n" + SMALL))
    assert (done.exit_code, "cannot be made" in done.stderr) == (1, True)
