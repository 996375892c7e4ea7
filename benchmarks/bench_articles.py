"""How well and how fast is the text of an article found on its page?

Pages of `tests/articles`: fifteen makes in four languages, each around two stories. Counts words (precision,
recall), pages in which a name of another story is left, pages without an article of which something was
taken, and CPU time for a page as it is and for one of 300 KB; beside them what trafilatura finds alone.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator

import trafilatura

from monitor import text
from monitor.errors import ParseError
from monitor.formats import _article
from tests.articles.makes import MAKES, NO_ARTICLES, told
from tests.articles.texts import TONGUES, Story, Tongue

Read = Callable[[str, str], str]
URL = "https://publisher.example/own"


def ours(page: str, title: str) -> str:
    """Return what we find."""
    try:
        return _article.read(page.encode(), "text/html", url=URL, charset="", title=title)
    except ParseError:
        return ""


def alone(page: str, title: str) -> str:
    """Return what trafilatura finds as it comes."""
    return trafilatura.extract(page, url=URL, include_comments=False) or ""


def pages() -> Iterator[tuple[str, str, Tongue, Story]]:
    """Yield each page with its make, language and story."""
    for name, make in MAKES.items():
        for tongue in TONGUES.values():
            for story in (tongue.summit, tongue.ferry):
                yield make(tongue, story), name, tongue, story


def words(of: str) -> Counter[str]:
    return Counter(text.words(text.key(of)))


def measure(read: Read) -> dict[str, float]:
    """Return the figures of one way to read pages."""
    found = right = there = leaks = 0
    for page, name, tongue, story in pages():
        got = read(page, story.title)
        one, other = words(got), words(" ".join(told(name, story)))
        found, there, right = found + one.total(), there + other.total(), right + (one & other).total()
        leaks += story is tongue.ferry and any(n.casefold() in got.casefold() for n in tongue.names)
    nothing = [make(t, t.ferry) for make in NO_ARTICLES.values() for t in TONGUES.values()]
    asked = [t.ferry.title for _ in NO_ARTICLES for t in TONGUES.values()]
    return {
        "precision": round(right / found, 4),
        "recall": round(right / there, 4),
        "names_of_others_in": leaks,
        "taken_of_none": sum(bool(read(page, title)) for page, title in zip(nothing, asked, strict=True)),
        "cpu_ms": round(cost(read, [(page, story.title) for page, _, _, story in pages()]), 2),
        "cpu_ms_300_kb": round(
            cost(read, [(large(page), s.title) for page, _, _, s in list(pages())[::8]]), 1
        ),
    }


def large(page: str) -> str:
    """Return a page as heavy as a newspaper's: most of it is scripts and menus."""
    menu = "".join(f'<li><a href="/{n}"><span class="i"></span>Section {n}</a></li>' for n in range(600))
    script = f"<script>var a = {json.dumps(['x' * 50] * 4_500)};</script>"
    return page.replace("</body>", f"<ul>{menu}</ul>{script}</body>").replace("</BODY>", f"{script}</BODY>")


def cost(read: Read, asked: list[tuple[str, str]]) -> float:
    """Return milliseconds of CPU for each page, in the best of three rounds."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        for page, title in asked:
            read(page, title)
        best = min(best, time.process_time() - begun)
    return 1_000 * best / len(asked)


def main() -> None:
    """Measure and print one JSON object."""
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL + 1)
    print(
        json.dumps({"pages": sum(1 for _ in pages()), "ours": measure(ours), "trafilatura": measure(alone)})
    )


if __name__ == "__main__":
    main()
