"""Pages of different makes around a story, and pages that are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from html import escape

from tests.articles.texts import Story, Tongue

Make = Callable[[Tongue, Story], str]


def _p(texts: Iterable[str]) -> str:
    return "\n".join(f"<p>{escape(one)}</p>" for one in texts)


def _links(tongue: Tongue, tag: str = "li") -> str:
    return "\n".join(
        f'<{tag}><a href="/world/{number}">{escape(one)}</a></{tag}>'
        for number, one in enumerate(tongue.related)
    )


def _menu(tongue: Tongue) -> str:
    return "".join(
        f'<li><a href="/{number}">{escape(one)}</a></li>' for number, one in enumerate(tongue.menu)
    )


def _cards(tongue: Tongue) -> Iterable[tuple[str, str, str]]:
    for number, (title, lead) in enumerate(zip(tongue.related, tongue.teasers, strict=True)):
        yield f"/world/{number}", escape(title), escape(lead)


def _head(tongue: Tongue, title: str, more: str = "") -> str:
    return (
        f'<head><meta charset="utf-8"><title>{escape(title)} | Example</title>'
        f'<meta property="og:title" content="{escape(title, quote=True)}">{more}</head>'
    )


def wordpress(tongue: Tongue, story: Story) -> str:
    """A theme of WordPress: "read also" in the text, share buttons, the author's box, comments, widgets."""
    half = len(story.paragraphs) // 2
    comments = "".join(
        f'<li class="comment"><div class="comment-body"><p>{escape(tongue.comment)}</p></div></li>'
        for _ in "ab"
    )
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}
<body class="post-template-default single single-post has-sidebar">
<header id="masthead" class="site-header"><ul id="menu-main" class="menu">{_menu(tongue)}</ul></header>
<div id="content" class="site-content"><main id="main" class="site-main">
<article id="post-77" class="post-77 post type-post hentry category-world tag-related">
<header class="entry-header"><h1 class="entry-title">{escape(story.title)}</h1>
<div class="entry-meta"><span class="posted-on"><a href="/2025/10/17/">17.10.2025</a></span></div></header>
<div class="entry-content">
{_p(story.paragraphs[:half])}
<p><strong>{escape(tongue.read_also)}</strong> <a href="/world/0">{escape(tongue.related[0])}</a></p>
{_p(story.paragraphs[half:])}
<div class="sharedaddy"><h3 class="sd-title">{escape(tongue.share)}</h3><ul><li><a href="#">Facebook</a></li>
<li><a href="#">X</a></li></ul></div>
<div id="jp-relatedposts" class="jp-relatedposts">{
        "".join(
            f'<div class="jp-relatedposts-post"><h4><a href="{url}">{title}</a></h4><p class="jp-excerpt">{lead}</p></div>'
            for url, title, lead in _cards(tongue)
        )
    }</div>
</div></article>
<div class="author-box"><img src="/a.jpg" alt=""><div class="author-description">{
        escape(tongue.bio)
    }</div></div>
<div id="comments" class="comments-area"><ol class="comment-list">{comments}</ol></div>
</main><aside id="secondary" class="widget-area"><section class="widget widget_recent_entries"><h2>·</h2>
<ul>{_links(tongue)}</ul></section></aside></div>
<footer class="site-footer"><p>{escape(tongue.footer)}</p></footer></body></html>"""


def soup(tongue: Tongue, story: Story) -> str:
    """Divs all the way down with names that say nothing, as React's frameworks write them."""
    related = "".join(
        f'<div class="css-1x"><a class="css-9k" href="{url}"><div class="css-2b">{title}</div></a>'
        f'<div class="css-3c">{lead}</div></div>'
        for url, title, lead in _cards(tongue)
    )
    text = "".join(
        f'<div class="css-7d"><span class="css-0">{escape(one)}</span></div>' for one in story.paragraphs
    )
    data = {"props": {"pageProps": {"more": [{"title": one} for one in tongue.related]}}}
    menu = "".join(f'<div class="css-m"><a href="/{one}">{escape(one)}</a></div>' for one in tongue.menu)
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<div id="__next"><div class="css-a"><div class="css-b">{menu}</div>
<div class="css-c"><div class="css-d"><h1 class="css-h">{escape(story.title)}</h1>
<div class="css-e">17.10.2025</div><div class="css-f">{text}</div></div>
<div class="css-g">{related}</div></div><div class="css-z">{escape(tongue.footer)}</div></div></div>
<script id="__NEXT_DATA__" type="application/json">{json.dumps(data, ensure_ascii=False)}</script></body></html>"""


def amp(tongue: Tongue, story: Story) -> str:
    """AMP: its own elements, a sidebar, cards at the end."""
    cards = "".join(
        f'<div class="card"><a href="{url}"><h4>{title}</h4></a><p>{lead}</p></div>'
        for url, title, lead in _cards(tongue)
    )
    return f"""<!doctype html><html ⚡ lang="{tongue.language}">{_head(tongue, story.title)}<body>
<amp-sidebar id="sidebar" layout="nodisplay"><ul>{_menu(tongue)}</ul></amp-sidebar>
<article class="amp-wp-article"><h1>{escape(story.title)}</h1>
<amp-img src="/p.jpg" width="16" height="9"></amp-img>
<div class="amp-wp-article-content">{_p(story.paragraphs)}
<amp-social-share type="facebook"></amp-social-share></div></article>
<section class="recirculation">{cards}</section>
<amp-consent id="c"><p>{escape(tongue.cookies)}</p></amp-consent>
<footer class="amp-wp-footer"><p>{escape(tongue.footer)}</p></footer></body></html>"""


def breaks(tongue: Tongue, story: Story) -> str:
    """An older portal: the text is one block with line breaks, boxes float in it."""
    text = "<br><br>\n".join(escape(one) for one in story.paragraphs)
    return f"""<html>{_head(tongue, story.title)}<body>
<div id="top"><ul>{_menu(tongue)}</ul></div>
<div class="container"><div class="col-md-8"><h1>{escape(story.title)}</h1>
<div class="details">{text}</div>
<div class="tags"><a href="/t/1">{escape(tongue.names[0])}</a> <a href="/t/2">{escape(tongue.names[1])}</a></div></div>
<div class="col-md-4"><div class="box"><h3>·</h3><ul>{_links(tongue)}</ul></div>
<div class="box">{"".join(f'<a href="{url}"><h4>{title}</h4><p>{lead}</p></a>' for url, title, lead in _cards(tongue))}
</div></div></div>
<div id="footer">{escape(tongue.footer)}</div></body></html>"""


def data(tongue: Tongue, story: Story) -> str:
    """An empty shell for a script; the article stands in its JSON-LD."""
    ld = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "Example", "description": tongue.footer},
            {"@type": "NewsArticle", "headline": story.title, "articleBody": "\n\n".join(story.paragraphs)},
            {"@type": "ItemList", "itemListElement": [{"name": one} for one in tongue.related]},
        ],
    }
    script = f'<script type="application/ld+json">{json.dumps(ld, ensure_ascii=False)}</script>'
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title, script)}
<body><div id="root"><div class="loader"></div></div><noscript>{escape(tongue.cookies)}</noscript></body></html>"""


def more_stories(tongue: Tongue, story: Story) -> str:
    """The article, its pictures, and under it a river of other articles' beginnings."""
    river = "".join(
        f'<article class="story"><h2><a href="{url}">{title}</a></h2><p>{lead}</p><p>{lead}</p></article>'
        for url, title, lead in _cards(tongue)
    )
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<nav><ul>{_menu(tongue)}</ul></nav><main><article><h1>{escape(story.title)}</h1>
<figure><img src="/1.jpg" alt="{escape(tongue.related[1], quote=True)}"></figure>
{_p(story.paragraphs[:2])}<ul class="inline-links">{_links(tongue)}</ul>{_p(story.paragraphs[2:])}
<p class="byline-end">{escape(tongue.bio)}</p></article>
<section class="river">{river}</section></main><footer>{escape(tongue.footer)}</footer></body></html>"""


def overlay(tongue: Tongue, story: Story) -> str:
    """A banner about cookies and one for the newsletter lie over the article."""
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<div id="onetrust-consent-sdk"><div class="ot-sdk-row"><h2>Cookies</h2><p>{escape(tongue.cookies)}</p>
<p>{escape(tongue.cookies)}</p><button>OK</button></div></div>
<div class="page"><header><ul>{_menu(tongue)}</ul></header>
<div itemprop="articleBody" class="article-body"><h1>{escape(story.title)}</h1>{_p(story.paragraphs[:3])}
<div class="newsletter-signup"><p>{escape(tongue.subscribe)}</p><form><input name="mail"></form></div>
{_p(story.paragraphs[3:])}</div>
<div class="most-read"><ol>{_links(tongue)}</ol></div></div></body></html>"""


def tables(tongue: Tongue, story: Story) -> str:
    """A page of the nineties: tables for columns."""
    return f"""<HTML><HEAD><TITLE>{escape(story.title)}</TITLE></HEAD><BODY><TABLE><TR>
<TD width=120><UL>{_menu(tongue)}</UL></TD>
<TD><H1>{escape(story.title)}</H1>{_p(story.paragraphs)}</TD>
<TD width=200><B>·</B><BR>{"<BR>".join(f'<A HREF="{url}">{title}</A>' for url, title, _ in _cards(tongue))}</TD>
</TR></TABLE><HR><FONT size=1>{escape(tongue.footer)}</FONT></BODY></HTML>"""


def live(tongue: Tongue, story: Story) -> str:
    """A live blog: short posts, each with its time and a link to itself."""
    posts = "".join(
        f'<div class="live-post" id="p{number}"><h3><a href="#p{number}">{20 - number}:00</a></h3><p>{escape(one)}</p></div>'
        for number, one in enumerate(story.paragraphs)
    )
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<header><ul>{_menu(tongue)}</ul></header><main><h1>{escape(story.title)}</h1>
<div class="live-blog">{posts}</div></main>
<aside class="trending"><ul>{_links(tongue)}</ul></aside><footer>{escape(tongue.footer)}</footer></body></html>"""


def paywall(tongue: Tongue, story: Story) -> str:
    """Three paragraphs are free; then comes the wall."""
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<nav><ul>{_menu(tongue)}</ul></nav><article><h1>{escape(story.title)}</h1>
<div class="article__body">{_p(story.paragraphs[:3])}</div>
<div class="paywall-barrier"><h2>{escape(tongue.subscribe)}</h2><p>{escape(tongue.subscribe)}</p></div></article>
<div class="related-articles"><ul>{_links(tongue)}</ul></div><footer>{escape(tongue.footer)}</footer></body></html>"""


def components(tongue: Tongue, story: Story) -> str:
    """Blocks with a data attribute each, promotions between them, a list of topics under them."""
    blocks = "".join(
        f'<div data-component="text-block" class="sc-1 sc-2"><p class="sc-3">{escape(one)}</p></div>'
        + (
            '<div data-component="links-block"><p class="sc-4"><ul role="list">'
            + _links(tongue)
            + "</ul></div>"
        )
        * (n == 1)
        for n, one in enumerate(story.paragraphs)
    )
    promos = "".join(
        f'<li><div data-testid="card"><a class="sc-5" href="{url}"><div><h2 class="sc-6">{title}</h2>'
        f'<p class="sc-7">{lead}</p></div></a><span>2 h</span></div></li>'
        for url, title, lead in _cards(tongue)
    )
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<div role="navigation"><ul>{_menu(tongue)}</ul></div><main id="main-content"><article>
<header><div data-component="headline-block"><h1>{escape(story.title)}</h1></div>
<div data-component="byline-block"><span>{escape(tongue.bio)}</span></div></header>{blocks}
<section data-component="topic-list"><ul><li><a href="/t/1">{escape(tongue.names[0])}</a></li>
<li><a href="/t/2">{escape(tongue.names[1])}</a></li></ul></section></article>
<section data-component="related-content"><h2>·</h2><ol>{promos}</ol></section></main>
<footer role="contentinfo">{escape(tongue.footer)}</footer></body></html>"""


def elements(tongue: Tongue, story: Story) -> str:
    """The text is cut into elements; some are boxes with another story."""
    box = (
        f'<div class="story-element story-element-also-read"><a href="/world/1"><h5>{escape(tongue.read_also)}</h5>'
        f"<h4>{escape(tongue.related[1])}</h4></a></div>"
    )
    parts = [
        f'<div class="story-element story-element-text"><div><p>{escape(one)}</p></div></div>'
        for one in story.paragraphs
    ]
    parts[2:2] = [box]
    rows = "".join(
        f'<div class="card-with-image-zoom"><div class="content-area"><h3 class="headline-title">'
        f'<a href="{url}"><span>{title}</span></a></h3><div class="excerpt">{lead}</div></div></div>'
        for url, title, lead in _cards(tongue)
    )
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<div id="app"><div class="header-nav">{_menu(tongue)}</div><div class="story-grid"><div class="story-content">
<div class="story-head"><h1 class="headline">{escape(story.title)}</h1></div>
<div class="story-content-wrapper">{"".join(parts)}</div></div><div class="more-from-section">{rows}</div></div>
<div class="footer-text">{escape(tongue.footer)}</div></div></body></html>"""


def typed(tongue: Tongue, story: Story) -> str:
    """Blocks with a type; a story in a box between two of them; what others read beside it."""
    blocks = [
        f'<div class="article__block" data-type="text"><div class="article__text">{escape(one)}</div></div>'
        for one in story.paragraphs
    ]
    blocks[3:3] = [
        '<div class="article__block" data-type="article"><div class="article__article">'
        f'<a href="/world/2" class="article__article-image"></a><div class="article__article-desc">'
        f'<a href="/world/2" class="article__article-link">{escape(tongue.related[2])}</a>'
        f'<div class="article__article-info">17 X 2025</div></div></div></div>'
    ]
    feed = "".join(
        f'<div class="lenta__item"><a href="{url}"><span class="lenta__item-text">{title}</span>'
        f'<span class="lenta__item-date">18:04</span></a></div>'
        for url, title, _ in _cards(tongue)
    )
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<div class="header__menu">{_menu(tongue)}</div><div class="layout-article"><div class="layout-article__main">
<div class="article__title">{escape(story.title)}</div><div class="article__body">{"".join(blocks)}</div></div>
<div class="layout-article__right">{feed}</div></div>
<div class="footer__rights">{escape(tongue.footer)}</div></body></html>"""


def recommender(tongue: Tongue, story: Story) -> str:
    """A box in the text recommends; the last paragraphs ask to follow and to subscribe."""
    half = len(story.paragraphs) // 2
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<header class="top"><nav>{_menu(tongue)}</nav></header><div class="article-page">
<div class="title-section"><h1>{escape(story.title)}</h1></div><div class="article-html-content">
{_p(story.paragraphs[:half])}<div class="recommender"><a href="/world/3"><img src="/3.jpg" alt=""></a>
<div><a href="/world/3">{escape(tongue.related[3])}</a></div></div>{_p(story.paragraphs[half:])}
<p><a href="https://social.example/page">{escape(tongue.share)}</a></p></div>
<div class="author-card"><a href="/a">A. B.</a><p>{escape(tongue.bio)}</p></div>
<div class="more">{
        "".join(
            f'<div class="list__item article"><a href="{url}">{title}</a><p>{lead}</p></div>'
            for url, title, lead in _cards(tongue)
        )
    }</div></div>
<div class="footer">{escape(tongue.footer)}</div></body></html>"""


def scroll(tongue: Tongue, story: Story) -> str:
    """The next article follows whole, as one that scrolls without end has it."""
    other = tongue.summit if story is tongue.ferry else tongue.ferry
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<nav><ul>{_menu(tongue)}</ul></nav><main><article data-url="/own"><h1>{escape(story.title)}</h1>
<div class="body">{_p(story.paragraphs)}</div></article>
<article data-url="/world/9"><h2><a href="/world/9">{escape(other.title)}</a></h2>
<div class="body">{_p(other.paragraphs)}{_p(other.paragraphs[::-1])}</div></article></main>
<footer>{escape(tongue.footer)}</footer></body></html>"""


MAKES: dict[str, Make] = {
    make.__name__: make
    for make in (
        *(wordpress, soup, amp, breaks, data, more_stories, overlay, tables, live, paywall),
        *(components, elements, typed, recommender, scroll),
    )
}


def told(name: str, story: Story) -> tuple[str, ...]:
    """Return the paragraphs that a page of a make has of a story."""
    return story.paragraphs[:3] if name == "paywall" else story.paragraphs


# pages that are no article ────────────────────────────────────────────────────────────────────


def captcha(tongue: Tongue, story: Story) -> str:
    """Wants to see a human; answers 200."""
    return f"""<!DOCTYPE html><html><head><title>Just a moment…</title></head><body><main class="content">
<h1>example.org</h1><p>{escape(tongue.captcha)}</p><p>{escape(tongue.captcha)}</p><div class="h-captcha"></div>
<p>Ray ID: 8a7</p></main></body></html>"""


def cookie_wall(tongue: Tongue, story: Story) -> str:
    """Shows nothing before all is accepted."""
    return f"""<!DOCTYPE html><html><head><title>Example</title></head><body><div class="wall"><h1>Example</h1>
{_p([tongue.cookies] * 4)}<button>OK</button></div></body></html>"""


def front(tongue: Tongue, story: Story) -> str:
    """The front page, where the publisher sends who asks for what it no longer has."""
    cards = "".join(
        f'<div class="item"><h2><a href="{url}">{title}</a></h2><p>{lead}</p></div>'
        for url, title, lead in _cards(tongue)
    )
    own = f'<div class="item"><h2><a href="/own">{escape(story.title)}</a></h2></div>'
    return f"""<!DOCTYPE html><html lang="{tongue.language}"><head><title>Example</title></head><body>
<nav><ul>{_menu(tongue)}</ul></nav><main>{own}{cards}{cards}</main><footer>{escape(tongue.footer)}</footer></body></html>"""


def not_found(tongue: Tongue, story: Story) -> str:
    """Says with 200 that there is nothing, and what is read most instead."""
    return f"""<!DOCTYPE html><html lang="{tongue.language}"><head><title>404</title></head><body>
<nav><ul>{_menu(tongue)}</ul></nav><main><h1>404</h1><ul>{_links(tongue)}</ul>
{_p(tongue.teasers)}</main><footer>{escape(tongue.footer)}</footer></body></html>"""


def video(tongue: Tongue, story: Story) -> str:
    """A film with its title; everything else is about other films."""
    return f"""<!DOCTYPE html><html lang="{tongue.language}">{_head(tongue, story.title)}<body>
<nav><ul>{_menu(tongue)}</ul></nav><main><h1>{escape(story.title)}</h1><video src="/v.mp4"></video>
<p class="caption">{escape(tongue.caption)}</p></main><div class="playlist"><ul>{_links(tongue)}</ul></div></body></html>"""


NO_ARTICLES: dict[str, Make] = {
    make.__name__: make for make in (captcha, cookie_wall, front, not_found, video)
}
