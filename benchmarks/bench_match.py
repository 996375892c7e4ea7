"""How fast does match read, and what does it cost to ask ten thousand questions?

    python benchmarks/bench_match.py            a table, then one line of JSON

One process, one thread. Entries of about 600 characters in Bengali, English and Russian are put
together from sentences written for this file; one in fifty is news of the event (of 40,170 Bengali
items of early 2026 it was one in three thousand). Each comes as HTML and is read whole: HTML out, key,
words, scan, topics, evidence. `re` is one alternation of all names of the same entities, as a program
without this matcher would have it. Figures are the median of five rounds. The sentences repeat, so that
nearly every word's key is remembered; over a stream of 6,000 real Bengali items of 500 characters, each
with 1.7 entities and many words not seen before, it was 3,800 to 4,300 a second on the same machine.
"""

from __future__ import annotations

import importlib.util
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import daachorse

from monitor import facts, text
from monitor.match import Matcher
from monitor.match.document import Document
from monitor.model import Entry, Topic
from tests.match_kit import shipped

ROUNDS = 5
ENTRIES = 600
ONE_IN = 50

NEWS = {
    "bn": [
        "মার্কিন প্রেসিডেন্ট ডোনাল্ড ট্রাম্প ও রাশিয়ার প্রেসিডেন্ট ভ্লাদিমির পুতিন বুদাপেস্টে বৈঠকে বসতে রাজি হয়েছেন।",
        "প্রায় আড়াই ঘণ্টার ফোনালাপে ইউক্রেনে যুদ্ধবিরতির পথ নিয়ে কথা হয়, জানিয়েছে ক্রেমলিন।",
    ],
    "en": [
        "Donald Trump and Vladimir Putin agreed to meet in Budapest after a long phone call.",
        "Viktor Orbán offered safe conditions, while Dmitry Peskov warned against Tomahawk missiles.",
    ],
    "ru": [
        "Дональд Трамп и Владимир Путин договорились встретиться в Будапеште после телефонного разговора.",
        "Песков предупредил, что поставки «Томагавков» выведут эскалацию на новый уровень.",
    ],
}
NOISE = {
    "bn": [
        "বাজারে পেঁয়াজের দাম কমলেও চালের দাম আগের মতোই আছে বলে ব্যবসায়ীরা জানান।",
        "ভারী বৃষ্টিতে নগরের নিচু এলাকায় পানি জমে যান চলাচল ব্যাহত হয়েছে।",
        "দ্বিতীয় ইনিংসে ব্যাট করতে নেমে দল তিন উইকেট হারিয়ে লক্ষ্যে পৌঁছায়।",
        "শিক্ষা বোর্ড আগামী মাসে পরীক্ষার নতুন সময়সূচি প্রকাশ করবে।",
        "হাসপাতালে শয্যার সংখ্যা বাড়াতে সরকার বাড়তি বরাদ্দ দিয়েছে।",
    ],
    "en": [
        "The council approved a budget for schools and roads after a debate of four hours.",
        "Farmers expect a better harvest than last year, the ministry of agriculture said.",
        "The home side won by three wickets with eleven balls to spare on Saturday.",
        "Shares fell for a second day as investors waited for the central bank’s decision.",
        "A new bridge will open to traffic in spring, two years later than planned.",
    ],
    "ru": [
        "Городской совет утвердил расходы на школы и дороги после долгого обсуждения.",
        "Аграрии ждут хорошего урожая, цены на рынках за неделю немного снизились.",
        "Хоккеисты одержали победу в овертайме и вышли в следующий круг турнира.",
        "Новый мост откроют для движения весной, на два года позже срока.",
        "Музей показывает собрание гравюр, которое прежде хранилось в запасниках.",
    ],
}


SYLLABLES = {
    "bn": "কা তি নু রে মো শা বি দু লে গো পা সি ভা জি হা ট্রা ন্ত ম্প ক্ষ",
    "en": "ka ti nu re mo sha bi du le go pa si va ji ha tra nt mp",
    "ru": "ка ти ну ре мо ша би ду ле го па си ва жи ха тра нт мп",
}


def make_entries(seed: int = 7) -> list[tuple[str, str, str]]:
    """Return language, title and HTML summary of the entries."""
    chance = random.Random(seed)
    made = []
    for i in range(ENTRIES):
        lang = ("bn", "en", "ru")[i % 3]
        sentences = [chance.choice(NOISE[lang]) for _ in range(9)]
        if i % ONE_IN == 0:
            sentences[0], sentences[3] = NEWS[lang]
        body = " ".join(sentences[1:])[:520]
        made.append((lang, sentences[0], f"<p>{body[:200]}</p><p>{body[200:]}&nbsp;<b>{i}</b></p>"))
    return made


def entry(lang: str, title: str, summary: str) -> Entry:
    now = datetime(2025, 10, 17, tzinfo=UTC)
    return Entry(
        id="e",
        url="",
        title=text.plain(title),
        summary=text.plain(summary),
        first_seen=now,
        source="",
        feed_url="",
        language=lang,
    )


def many_topics(count: int, seed: int = 11) -> list[Topic]:
    """Return topics as desks have them: an entity or a rare word with some alternatives."""
    chance = random.Random(seed)
    syllables = {code: words.split() for code, words in SYLLABLES.items()}
    entities = [e.id for e in shipped()["entities"] if e.type in ("person", "place")]

    def word() -> str:
        parts = syllables[chance.choice(("bn", "en", "ru"))]
        return "".join(chance.choice(parts) for _ in range(chance.randint(3, 5)))

    made = []
    for i in range(count):
        shape = i % 4
        first = f"@{chance.choice(entities)}" if shape == 0 else word()
        query = f'{first} AND ({word()} OR "{word()} {word()}" OR {word()})'
        if shape == 1:
            query = f"{first} NEAR/6 {word()} OR @{chance.choice(entities)} THEN/2 {word()}"
        elif shape == 2:
            query += f" NOT {word()}"
        made.append(Topic(id=f"t{i}", query=query))
    return made


def rate(run: Callable[[], object], items: int) -> float:
    """Return items per second, the median of the rounds."""
    run()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return items / statistics.median(times)


def read_all(matcher: Matcher, raw: list[tuple[str, str, str]]) -> int:
    return sum(len(matcher.read(entry(*r)).matches) for r in raw)


def alternation() -> re.Pattern[str]:
    """Return one `re` alternation of every name, longest first, at the beginning of a word."""
    names = {
        n
        for e in shipped()["entities"]
        for by_language in (e.names, e.forms, e.typos, e.unseen)
        for texts in by_language.values()
        for n in texts
    }
    return re.compile(
        r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + ")", re.IGNORECASE
    )


def where_time_goes(matcher: Matcher, raw: list[tuple[str, str, str]]) -> dict[str, float]:
    """Return microseconds an entry spent in each step, by language for the key."""
    vocabulary = matcher._vocabulary
    entries = [entry(*r) for r in raw]
    documents = [Document(e) for e in entries]
    steps = {"HTML out": 1e6 / rate(lambda: [(text.plain(t), text.plain(s)) for _, t, s in raw], len(raw))}
    for lang in ("bn", "en", "ru"):
        own = [e for e in entries if e.language == lang]
        steps[f"key ({lang})"] = 1e6 / rate(
            lambda o=own: [(text.key(e.title), text.key(e.summary)) for e in o], len(own)
        )
    steps["key, words, language"] = 1e6 / rate(lambda: [Document(e) for e in entries], len(raw))
    automaton = vocabulary._automaton
    assert automaton is not None
    steps["automaton alone"] = 1e6 / rate(
        lambda: [automaton.find_overlapping(d.flat) for d in documents], len(raw)
    )

    def scan() -> None:
        for d in documents:
            d.hits.clear()
            d.claims.clear()
            vocabulary.scan(d)

    steps["scan with endings and claims"] = 1e6 / rate(scan, len(raw))
    whole = 1e6 / rate(lambda: [matcher.read(e) for e in entries], len(raw))
    steps["topics and evidence"] = (
        whole - steps["key, words, language"] - steps["scan with endings and claims"]
    )
    return steps


def article(lang: str, length: int = 3000) -> Entry:
    """Return an article of the event: one sentence in five is news of it, with numbers, days and speakers."""
    chance = random.Random(lang)
    sentences: list[str] = []
    while sum(map(len, sentences)) < length:
        sentences.append(chance.choice(NEWS[lang] if len(sentences) % 5 == 0 else NOISE[lang]))
    made = entry(lang, sentences[0], "")
    return replace(made, content=" ".join(sentences)[:length])


def reading_facts(matcher: Matcher) -> float:
    """Return the CPU milliseconds that facts and statements of 3,000 characters cost: the best of many."""
    articles = [article(lang) for lang in NEWS]
    spans = [matcher.read(one).entities for one in articles]
    times = []
    for _ in range(10 * ROUNDS):
        start = time.process_time()
        for one, found in zip(articles, spans, strict=True):
            facts.read(one, found, matcher.names.entities)
        times.append((time.process_time() - start) / len(articles))
    return min(times) * 1000


def references(raw: list[tuple[str, str, str]]) -> dict[str, float]:
    """Return what other engines scan in documents a second, where they are installed."""
    keys = [text.key(f"{r[1]} {text.plain(r[2])}") for r in raw]
    names = sorted({text.key(n) for e in shipped()["entities"] for texts in e.names.values() for n in texts})
    bare = daachorse.CharwiseDoubleArrayAhoCorasick(names)
    found = {"daachorse": rate(lambda: [bare.find_overlapping(k) for k in keys], len(keys))}
    if importlib.util.find_spec("ahocorasick"):
        ahocorasick: Any = importlib.import_module("ahocorasick")
        automaton = ahocorasick.Automaton()
        for name in names:
            automaton.add_word(name, name)
        automaton.make_automaton()
        found["pyahocorasick"] = rate(lambda: [list(automaton.iter(k)) for k in keys], len(keys))
    if importlib.util.find_spec("mokaccino"):
        mokaccino: Any = importlib.import_module("mokaccino")
        percolator = mokaccino.Percolator()
        for name in names:
            percolator.add_query(mokaccino.Query.from_kv("t", name))

        def percolate() -> None:
            for k in keys:
                document = mokaccino.Document()
                for word in set(k.split()):
                    document = document.with_value("t", word)
                percolator.percolate_list(document)

        found["mokaccino"] = rate(percolate, len(keys))
    return found


def child() -> None:
    """Build 10,000 topics in a process of its own and print its rate and peak memory."""
    parts = shipped()
    start = time.perf_counter()
    matcher = Matcher(**(parts | {"topics": [*parts["topics"], *many_topics(10_000)]}))
    built = time.perf_counter() - start
    speed = rate(lambda: read_all(matcher, make_entries()), ENTRIES)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"speed": speed, "peak": peak, "built": built}))


def main() -> None:
    raw = make_entries()
    parts = shipped()
    matcher = Matcher(**parts)
    whole = rate(lambda: read_all(matcher, raw), len(raw))
    ten = Matcher(**(parts | {"topics": [*parts["topics"], *many_topics(10)]}))
    of_ten = rate(lambda: read_all(ten, raw), len(raw))
    many = json.loads(
        subprocess.run(
            [sys.executable, __file__, "--many"], check=True, capture_output=True, text=True
        ).stdout
    )
    pattern = alternation()
    regular = rate(lambda: [pattern.findall(f"{r[1]}\n{text.plain(r[2])}") for r in raw], len(raw))
    scans = references(raw)
    length = statistics.mean(len(r[1]) + len(text.plain(r[2])) for r in raw)
    print(f"entries of {length:.0f} characters, 1 in {ONE_IN} of the event")
    for name, value in (
        ("shipped topics", whole),
        ("and 10 more", of_ten),
        ("and 10,000 more", many["speed"]),
        ("re alternation", regular),
        *((f"{k}, scan alone", v) for k, v in scans.items()),
    ):
        print(f"  {name:32}{value:12,.0f} a second")
    print(f"  10,000 topics: {many['peak']:.0f} MB at most, made in {many['built']:.1f} s")
    for name, value in where_time_goes(matcher, raw).items():
        print(f"  {name:32}{value:12.1f} µs")
    facts_ms = reading_facts(matcher)
    print(f"  facts of 3,000 characters       {facts_ms * 1000:12,.0f} µs")
    print(
        json.dumps(
            {
                "entries_per_s": round(whole),
                "entries_per_s_10_topics": round(of_ten),
                "entries_per_s_10000_topics": round(many["speed"]),
                "re_entries_per_s": round(regular),
                "scan_docs_per_s": round(scans["daachorse"]),
                "peak_mb": round(many["peak"]),
                "facts_ms": round(facts_ms, 2),
            }
        )
    )


if __name__ == "__main__":
    child() if "--many" in sys.argv else main()
