"""What polls brought is kept raw, whatever happens meanwhile, and read back as it was."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import FetchError, FetchReason, RecordingError
from monitor.model import Failed, Feed, Fetched, FetchResult, NotModified, Secret, Validators
from monitor.record import Archive, Poll, Recorder, Recording, came, read

NOON = datetime(2025, 10, 16, 12, tzinfo=UTC)
FEED = Feed(
    url="https://desk:hunter2@example.com/rss?id=7",
    source="নদীপথ",
    language="bn",
    country="BD",
    tier=1,
    auth=Secret("desk:hunter2"),
    headers={"X-Token": Secret("s3cret-token")},
)
PUBLIC = "https://example.com/rss?id=7"


def a_recorder(folder: Path, keep: timedelta = timedelta(days=30)) -> Recorder:
    return Recorder(folder, keep)


def fetched(body: bytes = b"<rss/>", at: datetime = NOON, **fields: Any) -> FetchResult:
    outcome = Fetched(body=body, content_type="application/rss+xml; charset=utf-8")
    return FetchResult(feed=FEED, fetched_at=at, outcome=outcome, **{"url": PUBLIC, **fields})


def unchanged(at: datetime) -> FetchResult:
    return FetchResult(feed=FEED, fetched_at=at, outcome=NotModified(), url=PUBLIC)


def failed(at: datetime, error: FetchError) -> FetchResult:
    return FetchResult(feed=FEED, fetched_at=at, outcome=Failed(error), url=PUBLIC)


def only(archive: Archive) -> Recording:
    (recording,) = archive.recordings
    return recording


def the_day(folder: Path, day: str = "2025-10-16") -> Path:
    (found,) = folder.glob(f"*/{day}")
    return found


def bodies(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.gz"))


def body(poll: Poll) -> bytes:
    outcome = came(poll, FEED, Validators()).outcome
    assert isinstance(outcome, Fetched)
    return outcome.body


# writing ──────────────────────────────────────────────────────────────────────────────────────


def test_what_came_is_read_back_as_it_was(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    recorder.record(FEED, fetched("ট্রাম্প".encode(), url="https://cdn.example.net/rss"))
    recording = only(read(tmp_path, tmp_path))
    (poll,) = recording.polls
    result = came(poll, FEED, Validators())

    assert (poll.at, body(poll).decode()) == (NOON, "ট্রাম্প")
    assert result.url == "https://cdn.example.net/rss"
    assert isinstance(result.outcome, Fetched)
    assert result.outcome.content_type == "application/rss+xml; charset=utf-8"
    assert recording.feed == Feed(url=PUBLIC, source="নদীপথ", language="bn", country="BD", tier=1)


def test_nothing_secret_is_written(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    recorder.record(FEED, fetched(moved_to="https://desk:hunter2@example.com/new"))
    recorder.record(FEED, failed(NOON, FetchError(FetchReason.BLOCKED, "HTTP 401", status=401)))
    names = [str(path) for path in tmp_path.rglob("*")]
    texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]

    assert len(texts) == 3
    assert not any(word in name for name in names for word in ("hunter2", "desk:"))
    assert not any(word in text for text in texts for word in (b"hunter2", b"desk:", b"s3cret-token"))


def test_a_body_is_written_once_however_often_it_comes(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    for hour, content in enumerate((b"one", b"one", b"two", b"one")):
        recorder.record(FEED, fetched(content, NOON + timedelta(hours=hour)))
    recorder.record(FEED, unchanged(NOON + timedelta(hours=4)))
    polls = only(read(tmp_path, tmp_path)).polls

    assert len(bodies(tmp_path)) == 2
    assert [body(poll) for poll in polls] == [b"one", b"one", b"two", b"one", b"one"]
    assert [poll.unchanged for poll in polls] == [False] * 4 + [True]


def test_not_modified_is_that_only_to_who_holds_what_it_speaks_of(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    recorder.record(FEED, fetched(b"one"))
    recorder.record(FEED, unchanged(NOON + timedelta(hours=1)))
    _, poll = only(read(tmp_path, tmp_path)).polls
    held = Validators(etag='"x"')

    assert came(poll, FEED, held).outcome == NotModified(validators=held)
    assert body(poll) == b"one"


def test_a_failure_comes_back_with_its_reason(tmp_path: Path) -> None:
    error = FetchError(
        FetchReason.HTTP_429, "HTTP 429: too many requests", status=429, retry_after=timedelta(minutes=2)
    )
    a_recorder(tmp_path).record(FEED, failed(NOON, error))
    (poll,) = only(read(tmp_path, tmp_path)).polls
    outcome = came(poll, FEED, Validators()).outcome

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, FetchError)
    assert (outcome.error.reason, outcome.error.status) == (FetchReason.HTTP_429, 429)
    assert (outcome.error.retry_after, str(outcome.error)) == (timedelta(minutes=2), str(error))


def test_each_day_is_whole_by_itself(tmp_path: Path) -> None:
    """Also one on which the publisher only ever said "not modified"."""
    recorder = a_recorder(tmp_path)
    recorder.record(FEED, fetched(b"one"))
    recorder.record(FEED, unchanged(NOON + timedelta(days=1)))
    (poll,) = only(read(the_day(tmp_path, "2025-10-17"), tmp_path)).polls

    assert body(poll) == b"one"
    assert only(read(the_day(tmp_path, "2025-10-17"), tmp_path)).feed.url == PUBLIC
    assert len(only(read(tmp_path, tmp_path)).polls) == 2


def test_old_days_go_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    for day in range(4):
        a_recorder(tmp_path).record(FEED, fetched(b"%d" % day, NOON + timedelta(days=day)))
    notes = the_day(tmp_path) / "notes.txt"
    notes.write_text("mine")
    recorder, now = a_recorder(tmp_path, timedelta(days=1)), NOON + timedelta(days=3, hours=1)

    assert recorder.prune(now) == 2
    assert [body(poll) for poll in only(read(tmp_path, tmp_path)).polls] == [b"2", b"3"]
    assert [path.name for path in the_day(tmp_path).iterdir()] == ["notes.txt"]
    assert recorder.prune(now) == 0


def test_what_stands_is_kept_though_the_day_it_came_on_is_not(tmp_path: Path) -> None:
    a_recorder(tmp_path).record(FEED, fetched(b"one"))
    later = a_recorder(tmp_path)
    known = later.knows(FEED)
    later.record(FEED, unchanged(NOON + timedelta(days=99)))

    assert known
    assert [(poll.at - NOON, body(poll)) for poll in only(read(tmp_path, tmp_path)).polls] == [
        (timedelta(days=99), b"one")
    ]


def test_a_feed_s_old_days_go_when_a_new_one_begins_also_where_nobody_prunes(tmp_path: Path) -> None:
    for day in range(5):
        one = a_recorder(tmp_path, timedelta(days=2))
        one.record(FEED, fetched(b"%d" % day, NOON + timedelta(days=day)))

    assert [body(poll) for poll in only(read(tmp_path, tmp_path)).polls] == [b"2", b"3", b"4"]


def test_a_recorder_goes_on_where_another_was_cut_off(tmp_path: Path) -> None:
    a_recorder(tmp_path).record(FEED, fetched(b"one"))
    index = the_day(tmp_path) / "index.jsonl"
    with index.open("ab") as file:
        file.write(b'{"polled_at": "2025-10-16T13:00')
    torn = read(tmp_path, tmp_path)
    second = a_recorder(tmp_path)
    known = second.knows(FEED)
    second.record(FEED, unchanged(NOON + timedelta(hours=2)))
    mended = read(tmp_path, tmp_path)

    assert [poll.at for poll in only(torn).polls] == [NOON]
    assert len(torn.notes) == 1
    assert "index.jsonl: the last line was cut short" in torn.notes[0]
    assert known
    assert [body(poll) for poll in only(mended).polls] == [b"one", b"one"]
    assert mended.notes == ()


def test_a_feed_is_known_once_a_body_of_it_is_recorded_and_still_there(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    before = recorder.knows(FEED)
    recorder.record(FEED, fetched())
    after = recorder.knows(FEED)
    recorder.prune(NOON + timedelta(days=39))

    assert (before, after, recorder.knows(FEED)) == (False, True, False)


def test_a_day_that_somebody_removed_is_begun_again(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    recorder.record(FEED, fetched(b"one"))
    for path in sorted(the_day(tmp_path).iterdir()):
        path.unlink()
    the_day(tmp_path).rmdir()
    recorder.record(FEED, fetched(b"two", NOON + timedelta(hours=1)))

    assert [body(poll) for poll in only(read(tmp_path, tmp_path)).polls] == [b"two"]


def test_feeds_whose_addresses_look_alike_are_kept_apart(tmp_path: Path) -> None:
    recorder = a_recorder(tmp_path)
    long = "https://example.com/" + "x" * 300
    for number, url in enumerate((PUBLIC, "https://example.com/rss-id-7", long, long + "y")):
        recorder.record(replace(FEED, url=url), fetched(b"%d" % number))

    assert len(read(tmp_path, tmp_path).recordings) == 4
    assert all(len(path.name) < 80 for path in tmp_path.iterdir())


def test_a_disk_that_does_not_take_it_is_said(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")

    with pytest.raises(RecordingError, match=str(place)):
        a_recorder(place).record(FEED, fetched())


# reading ──────────────────────────────────────────────────────────────────────────────────────


def an_archive(folder: Path, index: object, **files: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = index if isinstance(index, str) else json.dumps(index)
    (folder / "index.json").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (folder / f"{name}.xml").write_bytes(content)
    return folder


def packed(folder: Path, path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, arcname=folder.name)
    return path


def poll(file: str = "a.xml", at: object = "2025-10-16T12:00:00Z", **more: object) -> dict[str, object]:
    return {"file": file, "polled_at": at, **more}


def test_a_folder_and_a_tar_of_it_hold_the_same(tmp_path: Path) -> None:
    folder = an_archive(
        tmp_path / "paper", [poll(), poll("b.xml", "2025-10-16T13:00:00+00:00")], a=b"1", b=b"2"
    )
    tar = packed(folder, tmp_path / "paper.tar.gz")
    one, other = only(read(folder, tmp_path)), only(read(tar, tmp_path / "work"))

    assert [body(p) for p in one.polls] == [body(p) for p in other.polls] == [b"1", b"2"]
    assert [p.at for p in one.polls] == [p.at for p in other.polls]
    assert one.name == other.name == "paper"


def test_files_may_be_named_from_the_folder_above(tmp_path: Path) -> None:
    """As the shipped archives do, also once they are unpacked."""
    folder = an_archive(tmp_path / "paper", [poll("paper/a.xml")], a=b"1")

    assert [body(p) for p in only(read(folder, tmp_path)).polls] == [b"1"]


@pytest.mark.parametrize("about", ["index", "file", "line"])
def test_an_archive_may_say_whose_it_is(tmp_path: Path, about: str) -> None:
    said = {"url": PUBLIC, "source": "নদীপথ", "language": "bn", "country": "BD"}
    index: object = [poll(**said)] if about == "line" else [poll()]
    folder = an_archive(tmp_path / "x", {**said, "polls": index} if about == "index" else index, a=b"1")
    if about == "file":
        (folder / "feed.json").write_text(json.dumps(said), encoding="utf-8")

    assert only(read(folder, tmp_path)).feed == Feed(url=PUBLIC, source="নদীপথ", language="bn", country="BD")


def test_several_feeds_may_be_in_one_archive(tmp_path: Path) -> None:
    an_archive(tmp_path / "week" / "one", [poll()], a=b"1")
    an_archive(tmp_path / "week" / "two", [poll()], a=b"2")
    found = read(tmp_path / "week", tmp_path).recordings

    assert [(one.name, body(one.polls[0])) for one in found] == [("one", b"1"), ("two", b"2")]


@pytest.fixture
def in_dhaka(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's clock is in Dhaka."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Dhaka")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_dhaka")
def test_a_time_without_a_zone_is_utc(tmp_path: Path) -> None:
    folder = an_archive(tmp_path / "x", [poll(at="2025-10-16T12:00:00")], a=b"1")

    assert only(read(folder, tmp_path)).polls[0].at == NOON


def test_polls_are_put_in_order_of_time(tmp_path: Path) -> None:
    rows = [poll("b.xml", "2025-10-16T19:00:00+06:00"), poll("a.xml", "2025-10-16T12:00:00Z")]
    folder = an_archive(tmp_path / "x", rows, a=b"1", b=b"2")

    assert [body(p) for p in only(read(folder, tmp_path)).polls] == [b"1", b"2"]


def test_not_modified_before_any_body_is_left_out_and_said(tmp_path: Path) -> None:
    rows = [{"polled_at": "2025-10-16T11:00:00Z", "unchanged": True}, poll()]
    archive = read(an_archive(tmp_path / "x", rows, a=b"1"), tmp_path)

    assert len(only(archive).polls) == 1
    assert "1 polls that said “not modified”" in archive.notes[0]


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ("", "index.json: line 1, column 1: is not JSON"),
        ("{", "index.json: line 1, column 2: is not JSON"),
        ("3", "index.json: must be a list"),
        ("{}", "index.json: must be a list"),
        ("[]", "index.json: names no poll"),
        ([7], "entry 1: must be"),
        ([poll(), {"file": "a.xml"}], 'entry 2: "polled_at" is missing'),
        (
            [poll(at="yesterday")],
            "entry 1: polled_at: 'yesterday' is not a time such as 2025-10-16T18:30:00Z",
        ),
        ([poll(at=7)], "entry 1: polled_at: 7 is not a time"),
        ([{"polled_at": "2025-10-16"}], 'entry 1: "file" is missing'),
        ([poll("b.xml")], "entry 1: there is no file 'b.xml'; put it back, or take the entry out"),
        ([poll("/etc/hostname")], "'/etc/hostname' is not inside the archive"),
        ([poll("../x/a.xml")], "'../x/a.xml' is not inside the archive"),
        ([{"polled_at": "2025-10-16", "failed": "sulking"}], "failed: 'sulking' is none of dns, connect"),
    ],
)
def test_what_is_wrong_with_an_index_is_said_with_its_place(tmp_path: Path, index: object, said: str) -> None:
    folder = an_archive(tmp_path / "x", index, a=b"1")

    with pytest.raises(RecordingError) as caught:
        read(folder, tmp_path)

    assert said in str(caught.value)
    assert str(folder / "index.json") in str(caught.value)


def test_every_mistake_is_said_at_once_up_to_a_screenful(tmp_path: Path) -> None:
    folder = an_archive(tmp_path / "x", [poll(f"{n}.xml") for n in range(30)])

    with pytest.raises(RecordingError) as caught:
        read(folder, tmp_path)

    lines = str(caught.value).splitlines()
    assert len(lines) == 9
    assert lines[-1] == "… and 22 more"


def test_a_line_in_the_middle_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    a_recorder(tmp_path).record(FEED, fetched())
    index = the_day(tmp_path) / "index.jsonl"
    index.write_bytes(b"nonsense\n" + index.read_bytes())

    with pytest.raises(RecordingError, match=r"index\.jsonl: line 1: is not JSON"):
        read(tmp_path, tmp_path)


def test_a_folder_without_an_index_is_told_what_one_looks_like(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no index\.json in it .*polled_at"):
        read(tmp_path, tmp_path)


@pytest.mark.parametrize("cut", [0, 10, 100])
def test_a_tar_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    whole = packed(an_archive(tmp_path / "x", [poll()], a=os.urandom(2_000)), tmp_path / "x.tar.gz")
    part = tmp_path / "part.tar.gz"
    part.write_bytes(whole.read_bytes()[:cut])

    with pytest.raises(RecordingError, match=r"part\.tar\.gz: not a readable archive"):
        read(part, tmp_path / "work")


def test_a_tar_writes_nowhere_but_where_it_is_unpacked(tmp_path: Path) -> None:
    tar = tmp_path / "evil.tar.gz"
    with tarfile.open(tar, "w:gz") as archive:
        for name in ("../out.txt", str(tmp_path / "out.txt"), "x/../../out.txt"):
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo("x/a.xml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
        index = json.dumps([poll("x/a.xml")]).encode()
        member = tarfile.TarInfo("x/index.json")
        member.size = len(index)
        archive.addfile(member, io.BytesIO(index))

    with pytest.raises(RecordingError, match=r"there is no file .x/a\.xml."):
        read(tar, tmp_path / "work")

    assert not list(tmp_path.rglob("out.txt"))


def test_a_body_that_the_disk_lost_is_named(tmp_path: Path) -> None:
    a_recorder(tmp_path).record(FEED, fetched(b"one"))
    (path,) = bodies(tmp_path)
    path.write_bytes(gzip.compress(b"one")[:-5])
    (broken,) = only(read(tmp_path, tmp_path)).polls

    with pytest.raises(RecordingError, match=path.name):
        came(broken, FEED, Validators())
