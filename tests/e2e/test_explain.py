"""`monitor explain`: which topics match and why; what became of an entry."""

from __future__ import annotations

from pathlib import Path

from tests.world import ROOT, Desk, Newsstand, Page, Receiver, rss

TEXT = (
    "মার্কিন প্রেসিডেন্ট ডোনাল্ড ট্রাম্প ও রুশ প্রেসিডেন্ট ভ্লাদিমির পুতিনের টেলিফোন আলাপের পর বুদাপেস্টে শীর্ষ বৈঠকের ঘোষণা এসেছে। "
    "ভিক্টর অরবান নিরাপদ পরিবেশের আশ্বাস দিয়েছেন; প্রস্তুতি নেবেন রুবিও ও লাভরভ। পেসকভ টমাহক নিয়ে সতর্ক করেছেন। "
    "জেলেনস্কি যাচ্ছেন হোয়াইট হাউসে।"
)
NAMED = {
    "trump", "putin", "orban", "rubio", "lavrov", "peskov", "zelensky", "budapest", "tomahawk", "white_house",
}  # fmt: skip


class Shipped(Desk):
    """The config that comes with monitor."""

    @property
    def config(self) -> Path:
        return ROOT / "config" / "monitor.yaml"


def test_a_bengali_text_of_the_event_names_the_topic_and_every_entity_with_spans(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text(TEXT, encoding="utf-8")
    desk = Shipped(tmp_path)
    told = desk.json("explain", "--lang", "bn", str(text))

    assert told["lang"] == "bn"
    assert {one["entity"] for one in told["entities"]} >= NAMED
    topics = {one["topic"] for one in told["topics"] if one["matched"]}
    assert {"trump-putin-summit", "call", "venue"} <= topics
    spans = [span for one in told["entities"] for span in one["spans"]]
    spans += [span for one in told["topics"] for span in one["spans"]]
    assert spans
    assert all(span["field"] == "text" for span in spans)
    assert all(TEXT[span["start"] : span["end"]] == span["surface"] for span in spans)


def test_an_explanation_shows_the_states_that_are_told_and_what_is_said(tmp_path: Path) -> None:
    text = "পুতিনের সঙ্গে প্রায় আড়াই ঘণ্টার ফোনালাপের পর বুদাপেস্টে বৈঠকে বসছেন ট্রাম্প, জানাল ক্রেমলিন"
    desk = Shipped(tmp_path)

    told = desk.json("explain", "--lang", "bn", "--topic", "trump-putin-summit", text)

    states = {one["state"]: one for one in told["topics"][0]["states"]}
    assert {name for name, one in states.items() if one["matched"]} == {"agreed", "venue-set"}
    assert states["cancelled"]["clauses"]
    (lasted,) = (fact for fact in told["facts"] if fact["kind"] == "duration")
    assert (lasted["about"], lasted["low"], lasted["high"]) == ("phone_call", 8100, 9000)
    (statement,) = told["statements"]
    assert (statement["speaker"], statement["stance"]) == ("kremlin", "says")
    spans = [*told["facts"], *told["statements"], *states["agreed"]["spans"]]
    assert all(text[span["start"] : span["end"]] == span["surface"] for span in spans)
    assert all(span["field"] == "text" for span in spans)


def test_an_entry_s_explanation_goes_on_to_where_it_was_sent(tmp_path: Path) -> None:
    items = (
        ("https://example.com/1", "Trump calls Putin", "They agree to meet."),
        ("https://example.com/2", "Rain over Dhaka", "All day."),
    )
    with Newsstand({"/a": rss("A", *items)}) as stand, Receiver() as receiver:
        desk = Desk(
            tmp_path,
            {stand.url + "/a": "en"},
            channels=f"channels:\n  hook: {{type: webhook, url: '{receiver.url}/hook'}}\n",
            routes="routes:\n  day: {topics: [summit], channels: [hook], at: ['07:30']}\n",
        ).write()
        desk.run("once", "--at", "2025-10-16T18:30Z")
        found = {one["title"]: one["id"] for one in desk.json("search", "trump OR rain")}
        waiting = desk.json("explain", f"e:{found['Trump calls Putin'][:10]}")
        desk.run("once", "--at", "2025-10-17T02:00Z")
        sent = desk.json("explain", f"e:{found['Trump calls Putin']}")
        other = desk.json("explain", f"e:{found['Rain over Dhaka']}")
        words = desk.run("explain", f"e:{found['Trump calls Putin']}").stdout

    assert [row["outcome"] for row in waiting["sending"]] == ["waiting"]
    assert [(row["outcome"], row["channel"]) for row in sent["sending"]] == [("sent", "hook")]
    life = sent["life"]
    assert (life["lead"], life["reports"], life["independent"]) == (found["Trump calls Putin"], 1, 1)
    assert life["importance"] == round(sum(life["parts"].values()), 1)
    formula = "sources 10 (40·1/(1+3)) + languages 0 (20·(1-1)/(1+1)) + tier 7.5 (of 15) + growth"
    assert f"importance {life['importance']:g} = {formula}" in words
    assert other["life"] is None
    assert [(row["outcome"], row["reason"]) for row in other["sending"]] == [
        ("not matched", "none of its topics: summit")
    ]


def test_a_copy_that_came_after_its_story_was_told_is_explained_as_folded(tmp_path: Path) -> None:
    text = (
        "The two presidents agreed on Thursday to sit down in Budapest within weeks, officials in both capitals "
        "said, after a call that both sides called productive; no date was named and aides are to meet first."
    )
    first = ("https://one.example/1", "Trump and Putin agree to meet in Budapest after call", text)
    copy = ("https://two.example/9", "Trump and Putin agree to meet in Budapest after call", text)
    with Newsstand({"/one": rss("One", first), "/two": rss("Two")}) as stand, Receiver() as receiver:
        desk = Desk(
            tmp_path,
            {stand.url + "/one": "en", stand.url + "/two": "en"},
            channels=f"channels:\n  hook: {{type: webhook, url: '{receiver.url}/hook'}}\n",
            routes="routes:\n  day: {topics: [summit], channels: [hook], at: ['07:30', '19:00']}\n",
        ).write()
        desk.run("once", "--at", "2025-10-16T18:30Z")
        desk.run("once", "--at", "2025-10-17T01:31Z")
        stand.pages["/two"] = Page(rss("Two", copy))
        desk.run("once", "--all", "--at", "2025-10-17T04:00Z")
        desk.run("once", "--at", "2025-10-17T13:01Z")
        found = {one["url"]: one["id"] for one in desk.json("search", "trump")}
        sent = desk.json("explain", f"e:{found[first[0]]}")["sending"]
        folded = desk.json("explain", f"e:{found[copy[0]]}")

    assert [row["outcome"] for row in sent] == ["sent"]
    assert [(row["outcome"], row["reason"]) for row in folded["sending"]] == [
        ("copy", f"copy of e:{found[first[0]][:12]}: one more carrier, no news")
    ]
    assert (folded["life"]["reports"], folded["life"]["independent"]) == (2, 1)
    assert len(receiver.taken) == 1


def test_a_wrong_query_is_shown_with_a_caret(tmp_path: Path) -> None:
    done = Desk(tmp_path).write().run("explain", "text", "--query", "@trump AND (@putn", check=False)

    assert done.returncode == 78
    assert "^" in done.stderr
