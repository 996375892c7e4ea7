"""An article's page → its text, and nothing of what stands around it.

Names in menus, related links, teasers and authors' boxes must not match, so what is certainly not the
text is cut before trafilatura looks for it: it alone leaves names of other stories in three of ten
pages (measured on tests/articles). What is cut is dropped, not kept apart: it is other articles'
words, and they come as entries of their own. All rules are of structure, none of a language.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import urldefrag, urljoin

from lxml import etree, html

from monitor import text
from monitor.errors import ParseError, ParseReason
from monitor.formats import _charset

try:
    import trafilatura
except ImportError:  # an extra
    trafilatura = None  # type: ignore[assignment]  # a module or nothing: mypy knows no such type

LEAST: Final = 200
"""Characters of the shortest text that is taken for an article: two sentences and a half."""
MOST: Final = 200_000
"""Characters that are kept, as of an entry in a feed."""
SAME: Final = 0.34
"""Share of the headline's words that the page must have: else it is another page."""
_SHORT: Final = 3
"""Letters of words that any page has."""
_LINKED: Final = 0.6
"""Share of a block's text in links from which on it is a list of links."""
_CARD: Final = 1_000
"""Characters of a teaser with its headline, at most."""
_SMALL: Final = 0.25
"""Share of the page's text under which a block may be cut for its name alone."""
_ALIKE: Final = 3
"""Blocks of one make, side by side, that begin with a link of their own: teasers."""

_CUT: Final = frozenset(
    ("amp-consent", "amp-sidebar", "aside", "button", "dialog", "figure", "footer", "form", "iframe", "nav",
     "noscript", "script", "select", "style", "svg", "template", "textarea")
)  # fmt: skip
_ROLES: Final = frozenset(("alertdialog", "banner", "complementary", "contentinfo", "dialog", "navigation"))
_BLOCKS: Final = frozenset(
    ("article", "blockquote", "center", "dd", "div", "dl", "dt", "header", "li", "main", "ol", "p",
     "section", "table", "tbody", "td", "th", "tr", "ul")
)  # fmt: skip
_HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_TRUNK: Final = frozenset(("html", "body", "main"))
_NAMED: Final = frozenset(
    ("ad", "ads", "advert", "advertisement", "also", "author", "bio", "breadcrumb", "breadcrumbs", "byline",
     "comment", "comments", "consent", "cookie", "cookies", "disqus", "gdpr", "newsletter", "outbrain",
     "paywall", "popular", "promo", "recirc", "recirculation", "recommend", "recommendations", "recommended",
     "related", "relatedposts", "share", "sharedaddy", "sharing", "signup", "social", "sponsor", "sponsored",
     "subscribe", "subscription", "taboola", "tags", "trending")
)  # fmt: skip
"""Words in classes and ids, as software for publishing writes them everywhere, in English."""
_NAMES: Final = ("class", "id", "itemprop", "data-component", "data-testid")
_WORD: Final = re.compile("[A-Z]?[a-z]+")
_BODIES: Final = re.compile(r"(?i)\A(?:\w*Article|\w*Posting|Report|Review|CreativeWork|Liveblog\w*)\Z")


def read(body: bytes, content_type: str, *, url: str, charset: str, title: str) -> str:
    """Return the text of the article at `url` whose headline was `title`: paragraphs on lines.

    Raises ParseError; its reason is `no-article` where the page has none, or not this one.
    """
    if trafilatura is None:
        raise ParseError(ParseReason.BROKEN, "needs pip install 'monitor-daemon[fulltext]'")
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL + 1)
    root = _tree(_charset.page_text(body, content_type, charset))
    titles = _titles(root)
    told = _told_as_data(root)
    _clear(root, url, title)
    found = trafilatura.extract(root, url=url, include_comments=False) or ""
    # What the publisher calls the body holds no boilerplate; some put only the beginning there.
    if len(told) >= max(LEAST, 0.7 * len(found)):
        found = told
    found = _tidy(found, title, titles)
    if not _is_this(title, [*titles, found]):
        raise ParseError(ParseReason.NO_ARTICLE, "the page has nothing of the headline")
    if len(found) < LEAST or sum(1 for _ in text.sentences(found)) < 2:
        raise ParseError(ParseReason.NO_ARTICLE, "the page has no text of an article")
    return found[:MOST]


def _tree(source: str) -> Any:
    """Return the page as a tree that trafilatura takes, too."""
    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(source.replace("\0", "").encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(ParseReason.BROKEN, f"not HTML: {error}"[:200]) from error
    if root is None:
        raise ParseError(ParseReason.NO_ARTICLE, "an empty page")
    return root


# what the page says of itself ─────────────────────────────────────────────────────────────────


def _titles(root: Any) -> list[str]:
    """Return what the page gives for its headline."""
    found = [one.get("content") or "" for one in root.iter("meta") if one.get("property") == "og:title"]
    found += ["".join(one.itertext()) for one in (*root.iter("title"), *root.iter("h1"))]
    return [" ".join(one.split()) for one in found[:20] if one.strip()]


def _told_as_data(root: Any) -> str:
    """Return the text that stands in the page's JSON-LD (schema.org `articleBody`), the longest."""
    found = [""]
    for script in root.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json":
            continue
        try:
            data = json.loads("".join(script.itertext()), strict=False)
        except (ValueError, RecursionError):
            continue
        found += _bodies(data)
    return max(found, key=len)


def _bodies(data: Any) -> Iterator[str]:
    """Yield the texts of articles in JSON-LD; those of a live blog together."""
    waiting = [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        if not isinstance(one, dict):
            continue
        kinds = one.get("@type")
        if any(_BODIES.match(str(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds])):
            posts = one.get("liveBlogUpdate")
            parts = [one, *(posts if isinstance(posts, list) else [])]
            said = [part["articleBody"] for part in parts if _has_body(part)]
            yield "\n".join(text.plain(part) if "<" in part else text.unescape(part) for part in said)
        elif isinstance(one.get("@graph"), list):
            waiting += one["@graph"]


def _has_body(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("articleBody"), str)


# what is cut ──────────────────────────────────────────────────────────────────────────────────


class _Sizes:
    """For each element the characters in it, those of them in links that lead away, and its headings."""

    def __init__(self, root: Any, url: str) -> None:
        self.chars: dict[Any, int] = {}
        self.linked: dict[Any, int] = {}
        self.headings: dict[Any, int] = {}
        order = [one for one in root.iter() if isinstance(one.tag, str)]
        base = urldefrag(url)[0]
        for one in reversed(order):
            inside = [child for child in one if isinstance(child.tag, str)]
            chars = _length(one.text) + sum(self.chars[child] + _length(child.tail) for child in inside)
            self.chars[one] = chars
            away = one.tag == "a" and _leads_away(one.get("href"), url, base)
            self.linked[one] = chars if away else sum(self.linked[child] for child in inside)
            self.headings[one] = (one.tag in _HEADINGS) + sum(self.headings[child] for child in inside)
        self.order = order
        self.all = self.chars.get(root, 0)

    def is_link(self, one: Any) -> bool:
        """Whether an element is a link and nothing else."""
        return 0 < 0.8 * self.chars[one] <= self.linked[one]


def _length(words: str | None) -> int:
    return len(words.strip()) if words else 0


def _leads_away(href: str | None, url: str, base: str) -> bool:
    if not href or href.startswith("#"):
        return False
    try:
        return urldefrag(urljoin(url, href.strip()))[0] != base
    except ValueError:
        return True


def _clear(root: Any, url: str, title: str) -> None:
    """Cut what is not the article's text, from what says so itself to what looks so."""
    _drop(one for one in list(root.iter()) if _says_so(one))
    _drop(_others(root, title))
    _unfold(root)
    sizes = _Sizes(root, url)
    cut: list[Any] = []
    for one in sizes.order:
        if one.tag in _HEADINGS and one.tag != "h1" and _is_linked(one, sizes):
            cut.append(_card(one, sizes))
        elif (
            (one.tag == "a" and sizes.linked[one] and _holds_blocks(one) and sizes.chars[one] <= _CARD)
            or _is_named(one, sizes)
            or _is_list(one, sizes)
        ):
            cut.append(one)
    for one in sizes.order:
        cut += _river(one, sizes)
    cut += [one for one in root.iter("h1") if sizes.chars[one] <= _CARD]  # the headline is known
    _drop(cut)


def _drop(elements: Iterable[Any]) -> None:
    """Cut elements, but what follows them."""
    for one in elements:
        parent = one.getparent()
        if parent is None:
            continue
        if one.tail:
            before = one.getprevious()
            if before is not None:
                before.tail = (before.tail or "") + " " + one.tail
            else:
                parent.text = (parent.text or "") + " " + one.tail
        parent.remove(one)


def _says_so(one: Any) -> bool:
    """Whether an element says by its kind that it is no text."""
    if not isinstance(one.tag, str):
        return False
    style = (one.get("style") or "").replace(" ", "").lower()
    return (
        one.tag in _CUT
        or (one.get("role") or "").strip().lower() in _ROLES
        or one.get("hidden") is not None
        or "display:none" in style
    )


def _others(root: Any, title: str) -> list[Any]:
    """Return the articles of a page that has several, and one of them the headline over it."""
    headed = [
        (one, _is_this(title, ["".join(heading.itertext())]))
        for one in root.iter("article")
        if (heading := next(one.iter("h1", "h2", "h3"), None)) is not None
    ]
    if not any(is_this for _, is_this in headed):
        return []
    mine = {one for one, is_this in headed if is_this}
    return [
        one
        for one, is_this in headed
        if not is_this
        and mine.isdisjoint(one.iterdescendants("article"))
        and mine.isdisjoint(one.iterancestors("article"))
    ]


def _unfold(root: Any) -> None:
    """Make blocks of tables that hold paragraphs: they are columns of a page, not figures."""
    for table in list(root.iter("table")):
        if next(table.iter("p", "h1"), None) is not None:
            for one in table.iter("table", "tbody", "tr", "td"):
                one.tag = "div"


def _is_linked(heading: Any, sizes: _Sizes) -> bool:
    """Whether a heading leads elsewhere: it is another story's."""
    above = heading.getparent()
    return sizes.is_link(heading) or (above is not None and above.tag == "a" and sizes.linked[above] > 0)


def _card(heading: Any, sizes: _Sizes) -> Any:
    """Return the teaser that a heading is of: the largest element around it that has no other heading."""
    one = heading
    while (above := one.getparent()) is not None and above.tag not in _TRUNK:
        if sizes.headings[above] > 1 or sizes.chars[above] > _CARD:
            break
        one = above
    return one


def _holds_blocks(link: Any) -> bool:
    return any(one.tag in _BLOCKS or one.tag in _HEADINGS for one in link.iterdescendants())


def _is_named(one: Any, sizes: _Sizes) -> bool:
    """Whether a small block's class or id says that it is something else."""
    named = " ".join(one.get(name) or "" for name in _NAMES)
    if named.isspace() or one.tag in _TRUNK or one.tag == "article" or sizes.chars[one] > _SMALL * sizes.all:
        return False
    return not _NAMED.isdisjoint(word.lower() for word in _WORD.findall(named[:300]))


def _is_list(one: Any, sizes: _Sizes) -> bool:
    """Whether a block is mostly links."""
    if one.tag not in _BLOCKS or not sizes.linked[one]:
        return False
    return sizes.linked[one] >= _LINKED * sizes.chars[one] and one.find(".//h1") is None


def _river(one: Any, sizes: _Sizes) -> list[Any]:
    """Return the children that are teasers by the dozen: of one make, each beginning with a link."""
    makes: dict[tuple[str, str], list[Any]] = {}
    for child in one:
        if isinstance(child.tag, str) and 0 < sizes.chars[child] <= _CARD and sizes.linked[child]:
            makes.setdefault((child.tag, child.get("class") or ""), []).append(child)
    return [
        child
        for alike in makes.values()
        if len(alike) >= _ALIKE
        and sum(map(_begins_with_link, alike, [sizes] * len(alike))) >= 0.8 * len(alike)
        for child in alike
    ]


def _begins_with_link(block: Any, sizes: _Sizes) -> bool:
    """Whether the first words of a block are a link that has its line for itself."""
    for one in block.iter():
        if one is block or not isinstance(one.tag, str):
            continue
        if sizes.is_link(one):
            after = one.getnext()
            alone = not _length(one.tail) and (after is None or after.tag in (*_BLOCKS, *_HEADINGS, "br"))
            return alone and not _length(one.getparent().text)
        if _length(one.text):
            return False
    return False


# what is left ─────────────────────────────────────────────────────────────────────────────────


def _tidy(found: str, title: str, titles: list[str]) -> str:
    """Return the lines, each once, without the headline."""
    seen = {text.key(one) for one in (title, *titles)}
    lines = []
    for line in found.split("\n"):
        line = " ".join(line.split())
        keyed = text.key(line)
        if keyed and keyed not in seen:
            seen.add(keyed)
            lines.append(line)
    return "\n".join(lines)


def _is_this(title: str, told: list[str]) -> bool:
    """Whether a page is the headline's. One of short words only cannot tell."""
    asked = {word for word in text.words(text.key(title)) if len(word) > _SHORT}
    if not asked:
        return True
    there = set(text.words(text.key("\n".join(told))))
    return len(asked & there) >= SAME * len(asked)
