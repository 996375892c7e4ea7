"""Addresses of pages: what two addresses of one page have in common, and the page that a redirector names.

One article has many addresses: with and without `www.`, the phone's host, AMP, trackers in the query,
a redirector around it. None of this needs the network; what only the redirector knows stays unknown.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_TRACKING = _set(
    "__twitter_impression _ga _gl _hsenc _hsmi amp ampshare cmp cmpid dclid epik fbclid gaa_at gbraid "
    "gclid guccounter guce_referrer guce_referrer_sig icid igsh igshid ito li_fat_id mbid mc_cid mc_eid "
    "mkt_tok msclkid ncid ns_campaign ns_fee ns_linkname ns_mchannel ns_source ocid oly_anon_id "
    "oly_enc_id outputtype rb_clickid ref ref_src ref_url s_cid smid smtyp soc_src soc_trk spm sref "
    "srnd taid traffic_source ttclid twclid usqp vero_id wbraid wt_mc wt_zmc xtor yclid"
)
"""Query parameters that say where a reader came from or how the page is shown, not what it is."""
_TRACKING_PREFIXES = ("utm_", "at_", "hsa_", "pk_", "mtm_")
"""Campaign parameters of Google Analytics, AT Internet (BBC, France 24), HubSpot, Matomo."""

_ESCAPE = re.compile("%(?:[2-7][0-9a-fA-F]|[0-9a-fA-F][a-f]|[a-f][0-9A-F])")
"""Escapes that may be written otherwise: of ASCII, or in lower case. A Bengali address has hundreds that
are neither, and every poll brings all its links again: to match those too cost a tenth of a replay."""

_COSTUMES = ("www.", "m.", "mobile.", "amp.", "wap.", "touch.")
"""Hosts that show the pages of the host behind their first label."""
_AMP_ENDS = ("/amp", ".amp", "/amp.html")

_TARGETS = _set("url u q to target dest destination redirect redir link murl uddg z text")
"""Query parameters in which redirectors name the page."""
_REDIRECTORS = _set(
    "url redirect redir out away away.php l l.php link link.php go goto click apiclick.aspx iv turbo"
)
"""Last parts of redirectors' paths: google.com/url, bing.com/news/apiclick.aspx, vk.com/away.php, t.me/iv."""
_AMP_CACHE = re.compile(r"^/[a-z]/(s/)?(?=[^/]+\.)")
_WRAPPED = re.compile(rb"https?://[\x21-\x7e]+")
_USUAL = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)((?:/[A-Za-z0-9_.~!$&'()*+,;=:@/-]*)?)")
"""Addresses without query, fragment, port or escape, as nearly all are: the long way costs ten times more."""
_NESTED = 3
"""Redirectors around redirectors that are unwrapped."""


def canonical(url: str) -> str:
    """Return what all addresses of one page have in common: no scheme, costume, tracker or fragment.

    RFC 3986 §6.2.2 (case of host and escapes, default port), plus the lists above; the order of the
    query makes no difference. An address that cannot be taken apart stands for itself. A fragment is
    kept when it is a path (`#!/`, `#/`).
    """
    url = url.strip()
    usual = _USUAL.fullmatch(url)
    if usual is not None and "google." not in usual[1] and "ampproject" not in usual[1]:
        return _undressed(usual[1]) + _bare_path(usual[2])
    return _general(url)


def _general(url: str) -> str:
    """Return what `canonical` does, of any address."""
    parts = _split(url)
    for _ in range(_NESTED):
        wrapped = _target(parts) if parts else ""
        inner = _split(wrapped) if wrapped else None
        if inner is None:
            break
        parts = inner
    if parts is None:
        return url
    host = _host(parts)
    path = quote(parts.path, safe="%/:@!$&'()*+,;=-._~", errors="surrogatepass")
    path = _bare_path(_ESCAPE.sub(_escape, path))
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _is_tracker(name.lower(), value)
    )
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return host + path + ("?" + urlencode(query) if query else "") + ("#" + fragment if fragment else "")


def is_aggregator(url: str) -> bool:
    """Say whether an address is at Google News, which hangs the outlet's name on every title."""
    parts = _split(url) if "google" in url.lower() else None
    return parts is not None and (parts.hostname or "").startswith("news.google.")


def _split(url: str) -> SplitResult | None:
    """Take an address apart; None if it is not one of the web's."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not (parts.hostname or "").removesuffix("."):
            return None
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts


def _host(parts: SplitResult) -> str:
    host, port = _undressed((parts.hostname or "").removesuffix(".")), parts.port
    return f"{host}:{port}" if port and port != {"http": 80, "https": 443}[parts.scheme] else host


def _undressed(host: str) -> str:
    """Return a host without the labels that say how it shows its pages."""
    if host.startswith(_COSTUMES):
        for costume in _COSTUMES:
            rest = host.removeprefix(costume)
            if rest != host and "." in rest and not rest.replace(".", "").isdigit():
                host = rest
    return host


def _bare_path(path: str) -> str:
    """Return a path without what makes it the AMP version, and without its last slash."""
    path = path.rstrip("/")
    for end in _AMP_ENDS:
        path = path.removesuffix(end)
    if path.endswith(".amp.html"):
        path = path.removesuffix(".amp.html") + ".html"
    return path.removeprefix("/amp") if path.startswith("/amp/") else path


def _is_tracker(name: str, value: str) -> bool:
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES) or (name == "output" and value == "amp")


def _target(parts: SplitResult) -> str:
    """Return the address that a redirector's or a cache's own names, "" if it is none or does not say."""
    host = parts.hostname or ""
    if host.endswith(".cdn.ampproject.org") and (found := _AMP_CACHE.match(parts.path)):
        rest = parts.path[found.end() :]
        return f"http{'s' if found[1] else ''}://{rest}" + (f"?{parts.query}" if parts.query else "")
    if host.startswith(("www.google.", "google.")) and parts.path.startswith("/amp/"):
        rest = parts.path.removeprefix("/amp/")
        return ("https://" + rest.removeprefix("s/")) if rest.startswith("s/") else "http://" + rest
    if host.startswith("news.google.") and "/articles/" in parts.path:
        return _of_google_news(parts.path.rpartition("/")[2])
    if parts.path.rstrip("/").rpartition("/")[2].lower() in _REDIRECTORS or host == "out.reddit.com":
        for name, value in parse_qsl(parts.query):
            if name.lower() in _TARGETS and value.startswith(("http://", "https://")):
                return value
    return ""


def _of_google_news(coded: str) -> str:
    """Return the address inside an article's id, as Google News wrote them until 2024; "" for later ones."""
    try:
        decoded = urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
    except (NotBase64, ValueError):
        return ""
    found = _WRAPPED.search(decoded)
    return unquote(found[0].decode()) if found else ""


def _escape(found: re.Match[str]) -> str:
    """RFC 3986 §6.2.2: escapes in upper case, and none for what needs none."""
    char = chr(int(found[0][1:], 16))
    return char if char.isascii() and (char.isalnum() or char in "-._~") else found[0].upper()
