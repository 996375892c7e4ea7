"""`monitor stories`: why entries are together, and the word of hands, which holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.world import Desk, Newsstand, Page, rss

CALL = (
    "Donald Trump and Vladimir Putin spoke by telephone for almost two and a half hours on Thursday and "
    "agreed to meet in Budapest. No day was set. Marco Rubio and Sergei Lavrov are to prepare the talks."
)
RAIN = (
    "Trump and Putin both sent their condolences after the floods that took the lives of many in the delta."
)
TWO_CALLS = [
    ("https://a.example/1", "Trump and Putin agree to meet in Budapest after call", CALL),
    ("https://b.example/1", "Budapest to host Trump and Putin, says White House", CALL + " (Reuters)"),
]
FLOOD = ("https://a.example/2", "Condolences of Trump and Putin after delta floods", RAIN)


class Archive:
    """A desk whose two papers bring three entries: a call, a copy of it, and other news of the same men."""

    def __init__(self, folder: Path, stand: Newsstand) -> None:
        stand.pages |= {"/a": Page(rss("A", TWO_CALLS[0], FLOOD)), "/b": Page(rss("B"))}
        self.desk = Desk(folder, {stand.url + "/a": "en", stand.url + "/b": "en"}).write()
        self.stand = stand
        self.poll("2025-10-16T18:30Z")
        self.add("b", TWO_CALLS[1])
        self.poll("2025-10-16T19:45Z")

    def poll(self, at: str) -> None:
        self.desk.run("once", "--at", at)

    def add(self, paper: str, *items: tuple[str, str, str]) -> None:
        later = "Thu, 16 Oct 2025 19:00:00 GMT"
        self.stand.pages[f"/{paper}"] = Page(rss(paper.upper(), *items, date=later))

    def stories(self) -> dict[str, Any]:
        """Title of the lead → story."""
        return {one["title"]: one for one in self.desk.json("stories", "list")}

    def places(self) -> dict[str, str]:
        """Address of an entry → id of its story."""
        return {
            entry["url"]: story["id"]
            for one in self.desk.json("stories", "list")
            for story in [self.desk.json("stories", "show", one["id"])]
            for entry in story["entries"]
        }


def test_stories_say_why_their_entries_are_in_them(tmp_path: Path) -> None:
    with Newsstand({}) as stand:
        archive = Archive(tmp_path, stand)
        stories = archive.stories()
        call = stories[TWO_CALLS[0][1]]
        shown = archive.desk.json("stories", "show", call["id"][:8])
        words = archive.desk.run("stories", "show", call["id"]).stdout
        listed = archive.desk.run("stories", "list").stdout

    assert set(stories) == {TWO_CALLS[0][1], FLOOD[1]}
    assert (call["reports"], call["independent"], call["languages"]) == (2, 1, ["en"])
    first, copy = shown["entries"]
    assert [link["kind"] for one in (first, copy) for link in one["links"] if "veto" not in link] == [
        "first",
        "copy",
    ]
    assert copy["links"][0]["other"] == first["id"]
    assert first["voice"] == copy["voice"] == 1
    assert f"copy of e:{first['id'][:12]}: text" in words
    assert shown["life"]["importance"] == round(sum(shown["life"]["parts"].values()), 1)
    assert f"{shown['life']['phase']}, importance {shown['life']['importance']:g} = sources 10 (" in words
    assert f"(story {call['id'][:12]})" not in words, "nothing keeps an entry from its own story"
    assert f"{call['id'][:12]}  2025-10-16 19:45      2/1  en" in listed


def test_what_is_merged_stays_together_and_is_undone_exactly(tmp_path: Path) -> None:
    with Newsstand({}) as stand:
        archive = Archive(tmp_path, stand)
        before = archive.places()
        stories = archive.stories()
        larger, other = stories[TWO_CALLS[0][1]]["id"], stories[FLOOD[1]]["id"]

        (done,) = archive.desk.json("stories", "merge", other, larger[:10], "--who", "rahima")
        merged = archive.places()
        former = archive.desk.json("stories", "show", other)
        archive.add("b", TWO_CALLS[1], ("https://b.example/3", "Sorrow over delta floods", RAIN))
        archive.poll("2025-10-16T21:30Z")
        grown = archive.places()
        (undone,) = archive.desk.json("stories", "undo")
        after = archive.places()
        again = archive.desk.run("stories", "undo", check=False)
        (edit,) = archive.desk.json("stories", "edits")

    assert set(merged.values()) == {larger}
    assert (done["kind"], done["who"], done["story_id"], done["other_id"]) == (
        "merge",
        "rahima",
        larger,
        other,
    )
    assert (former["id"], former["formerly"], former["by_hand"]) == (larger, [other], True)
    assert grown == {**merged, "https://b.example/3": larger}
    assert after == {**before, "https://b.example/3": before[FLOOD[0]]}, "the copy goes with its text"
    assert undone["undone_at"]
    assert again.returncode == 2
    assert "nothing was done by hand" in again.stderr
    assert (edit["who"], edit["undone_at"]) == ("rahima", undone["undone_at"])


def test_what_was_taken_out_does_not_come_back(tmp_path: Path) -> None:
    with Newsstand({}) as stand:
        archive = Archive(tmp_path, stand)
        first, copy = (
            entry["id"]
            for entry in archive.desk.json("stories", "show", archive.stories()[TWO_CALLS[0][1]]["id"])[
                "entries"
            ]
        )
        words = archive.desk.run("stories", "split", f"e:{first}", f"e:{copy[:12]}").stdout
        split = archive.places()
        archive.add("b", TWO_CALLS[1], ("https://b.example/4", "Two presidents and a phone", CALL))
        archive.poll("2025-10-16T21:30Z")
        grown = archive.places()
        why = archive.desk.run("explain", f"e:{copy}").stdout
        archive.desk.run("stories", "undo")
        after = archive.places()

    call, copied = TWO_CALLS[0][0], TWO_CALLS[1][0]
    assert "1 entry of " in words
    assert split[call] != split[copied]
    assert (grown[call], grown[copied]) == (split[call], split[copied])
    assert grown["https://b.example/4"] in {split[call], split[copied]}
    assert "here by hand" in why
    assert after[call] == after[copied] == after["https://b.example/4"] == split[call]


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    with Newsstand({}) as stand:
        archive = Archive(tmp_path, stand)
        stories = archive.stories()
        call, flood = stories[TWO_CALLS[0][1]]["id"], stories[FLOOD[1]]["id"]
        ids = [entry["id"] for entry in archive.desk.json("stories", "show", call)["entries"]]
        wrong = {
            ("show", "zz"): "no story's id (or more than one) begins with 'zz'",
            ("merge", call, f"e:{ids[1]}"): "these are one story; name two or more",
            ("split", flood, f"e:{ids[0]}"): f"e:{ids[0][:12]} is not in the story {flood[:12]}",
            ("split", call, *(f"e:{one}" for one in ids)): "that is the whole story; leave an entry in it",
            ("split", call, "e:zz"): "no entry's id (or more than one) begins with 'zz'",
        }
        for arguments, said in wrong.items():
            done = archive.desk.run("stories", *arguments, check=False)
            assert (done.returncode, said in done.stderr) == (2, True), arguments
