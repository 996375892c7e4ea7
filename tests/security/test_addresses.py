"""No feed, redirect, proxy, channel or command reaches an address that is not public (SSRF).

reliability of peers: changedetection.io CVE-2026-27696, GHSA-gwph-fp79-379w, GHSA-rph4-96w6-q594,
GHSA-56fq-63vj-9992, GHSA-hm22-wg2m-35v4, CVE-2024-51483, -51998, -56509; Miniflux CVE-2026-21885 and
its rebinding fix of 2026-03-02; FreshRSS 1.30; tt-rss CVE-2020-25787; trafilatura#910.
"""

from __future__ import annotations

import ast
import asyncio
import ipaddress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from monitor import config as configs
from monitor.errors import FetchReason
from monitor.fetch import Guard, RefusedError, ResolveError, client, is_public, post
from monitor.model import NetworkSettings, Validators
from monitor.testing import NOON
from tests.politeness.kit import feed, fetching, got, refused
from tests.politeness.server import FEED, Reply, Server
from tests.security.kit import SOURCE
from tests.world import Desk

NONE = Validators()
PUBLIC_ONLY = NetworkSettings()
SHORT = timedelta(seconds=5)

SPELLINGS = [
    "http://127.0.0.1:{p}/",
    "http://127.1:{p}/",
    "http://2130706433:{p}/",
    "http://0x7f000001:{p}/",
    "http://0177.0.0.1:{p}/",
    "http://017700000001:{p}/",
    "http://0:{p}/",
    "http://localhost:{p}/",
    "http://LOCALHOST:{p}/",
    "http://localhost.:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/",
    "http://[::ffff:7f00:1]:{p}/",
    "http://[::1]:{p}/",
    "http://[::]:{p}/",
    "http://127。0。0。1:{p}/",
    "http://①②⑦.⓪.⓪.①:{p}/",
    "http://user@127.0.0.1:{p}/",
    "http://example.com@127.0.0.1:{p}/",
    "http://127.0.0.1:{p}\\@example.invalid/",
    "http://example.com\\@127.0.0.1:{p}/",
    "http://169.254.169.254/",
    "http://[64:ff9b::7f00:1]:{p}/",
    "http://[2002:7f00:1::]:{p}/",
    "http://[::127.0.0.1]:{p}/",
    "http://127.0.0.1%00.example.invalid:{p}/",
    "http://127.0.0.1.:{p}/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://[ff02::1]/",
    "http://0.0.0.0:{p}/",
    "http://[fe80::1%25lo]:{p}/",
    "https://127.0.0.1:{p}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{p}/",
    "source:file:///etc/passwd",
    "file:/etc/passwd",
    "ftp://127.0.0.1/",
    "dict://127.0.0.1:{p}/",
    "HTTP://0x7f.1:{p}/",
]
REFUSALS = (FetchReason.REFUSED, FetchReason.DNS)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_cve_2026_27696_no_spelling_of_a_private_address_is_reached(spelling: str) -> None:
    """changedetection.io CVE-2026-27696, GHSA-rph4-96w6-q594 (`\\@`), CVE-2024-51483 (`source:file:`)."""
    async with Server() as server, fetching(network=PUBLIC_ONLY) as fetcher:
        error = refused(await fetcher.fetch(feed(spelling.format(p=server.port)), NONE))
        assert error.reason in REFUSALS
        assert server.connections == 0


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_trafilatura_910_no_redirect_reaches_one_either(spelling: str) -> None:
    """trafilatura#910: the second hop was not checked. Each hop is, at the socket."""
    only = NetworkSettings(allow_private=("127.0.0.1/32",))
    async with Server(host="127.0.0.9") as inside:
        target = spelling.format(p=inside.port).replace("127.0.0.1", "127.0.0.9").replace("7f00:1", "7f00:9")
        away = Reply(302, {"Location": target.encode().decode("latin-1")})
        async with Server(lambda request: away) as server, fetching(network=only) as fetcher:
            refused(await fetcher.fetch(feed(server.url()), NONE))
            assert inside.connections == 0


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_cve_2026_21885_a_proxy_is_no_way_around(spelling: str) -> None:
    """Miniflux CVE-2026-21885: a proxy resolves by itself, so spelled addresses are refused before it."""
    async with Server() as proxy:
        through = NetworkSettings(proxy=proxy.url(""))
        async with fetching(network=through) as fetcher:
            result = await fetcher.fetch(feed(spelling.format(p=proxy.port)), NONE)
        if "example.invalid" in spelling and "\\" in spelling:
            assert [r.target for r in proxy.requests] == ["http://example.invalid/"]
            return  # read as a login before a name: the proxy is told of the name alone
        assert refused(result).reason in REFUSALS
        assert proxy.connections == 0


@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "through a proxy"])
@pytest.mark.parametrize("spelling", [s for s in SPELLINGS if "example.invalid" not in s])
async def test_ghsa_56fq_63vj_9992_channels_go_through_the_same_gate(spelling: str, proxied: bool) -> None:
    """changedetection.io GHSA-56fq-63vj-9992, GHSA-hm22-wg2m-35v4: a second way out skipped the check."""
    async with Server() as server:
        network = NetworkSettings(proxy=server.url("")) if proxied else PUBLIC_ONLY
        async with client(network, version="1", timeout=SHORT) as sender:
            with pytest.raises(
                (RefusedError, ResolveError, httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError)
            ):
                await sender.post(spelling.format(p=server.port), content=b"x")
        assert server.connections == 0


@pytest.mark.parametrize("redirected", [False, True], ids=["a hub", "where a hub redirects to"])
@pytest.mark.parametrize("spelling", [s for s in SPELLINGS if "example.invalid" not in s])
async def test_ghsa_56fq_63vj_9992_so_do_requests_to_hubs(spelling: str, redirected: bool) -> None:
    """A feed names its hub (WebSub): one more URL that others write. That it is refused is a value."""
    only = NetworkSettings(allow_private=("127.0.0.1/32",))
    async with Server(host="127.0.0.9") as inside:
        target = spelling.format(p=inside.port).replace("127.0.0.1", "127.0.0.9").replace("7f00:1", "7f00:9")
        away = Reply(307, {"Location": target.encode().decode("latin-1")})
        async with Server(lambda request: away) as hub, client(only, version="1", timeout=SHORT) as sender:
            error = await post(sender, hub.url() if redirected else target, b"hub.secret=x", NOON)
            assert error is not None
            assert inside.connections == 0


async def test_rebinding_the_address_that_was_checked_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Miniflux, fix of 2026-03-02: checked in the dialer. A name that changes its mind gains nothing."""
    monkeypatch.setattr("monitor.fetch.guard.RESOLVED_FOR", 0.0)
    answers = iter([["127.0.0.2"], ["127.0.0.3", "127.0.0.2"], ["127.0.0.3"]])
    guard = Guard(("127.0.0.2/32",), lookup=lambda name, port: next(answers))
    async with Server(host="127.0.0.2") as allowed, fetching(guard=guard) as fetcher:
        url = f"http://rebind.example.org:{allowed.port}/"
        close = Reply(body=FEED, close=True)
        allowed.handler = lambda request: close
        assert got(await fetcher.fetch(feed(url), NONE)).body == FEED
        assert got(await fetcher.fetch(feed(url), NONE)).body == FEED
        assert refused(await fetcher.fetch(feed(url), NONE)).reason is FetchReason.REFUSED
        assert allowed.connections == 2


async def test_rebinding_a_name_is_asked_for_once_and_never_by_the_transport() -> None:
    asked = []

    def lookup(name: str, port: int) -> list[str]:
        asked.append(name)
        return ["127.0.0.2"]

    guard = Guard(("127.0.0.2/32",), lookup=lookup)
    async with Server(host="127.0.0.2") as server, fetching(guard=guard) as fetcher:
        got(await fetcher.fetch(feed(f"http://no-such-name.invalid:{server.port}/"), NONE))
    assert asked == ["no-such-name.invalid"]


async def test_ghsa_rph4_96w6_q594_what_is_checked_and_what_is_asked_are_one_url() -> None:
    """changedetection.io GHSA-rph4-96w6-q594: two parsers read `INTERNAL:8888\\@PUBLIC` differently."""
    seen = []

    def lookup(name: str, port: int) -> list[str]:
        seen.append((name, port))
        return ["127.0.0.2"]

    async with Server(host="127.0.0.2") as server:
        guard = Guard(("127.0.0.2/32",), lookup=lookup)
        async with fetching(guard=guard) as fetcher:
            url = f"http://127.0.0.1:8888\\@public.example.org:{server.port}/x"
            got(await fetcher.fetch(feed(url), NONE))
        assert seen == [("public.example.org", server.port)]
        assert server.requests[0].get("host") == f"public.example.org:{server.port}"


NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "0.1.2.3",
    "100.64.0.1",
    "100.127.255.254",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2001:20::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_ghsa_gwph_fp79_379w_ranges_that_ipaddress_takes_for_public_are_not(address: str) -> None:
    """changedetection.io GHSA-gwph-fp79-379w (100.64/10, multicast); CPython 3.11.7's `is_global`."""
    assert not is_public(ipaddress.ip_address(address))
    assert not Guard().allows(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_reached(address: str) -> None:
    assert Guard().allows(address)


def test_freshrss_1_30_private_addresses_are_refused_unless_the_desk_says_so(tmp_path: Path) -> None:
    """FreshRSS 1.30: refusing became the default."""
    assert NetworkSettings().allow_private == ()
    assert configs.load(SOURCE.parent / "config" / "monitor.yaml", {}).network.allow_private == ()


async def test_cve_2020_25787_commands_that_fetch_go_through_it_too(tmp_path: Path) -> None:
    """tt-rss CVE-2020-25787, changedetection.io's preview: `feeds test` and `check --network`."""
    async with Server() as server:
        config = tmp_path / "monitor.yaml"
        config.write_text(
            f"store: sqlite:{tmp_path}/m.db\nnetwork: {{contact: desk@example.org}}\nroutes: {{}}\n"
            f"topics: {{t: {{query: x}}}}\nfeeds: [{{url: 'http://127.1:{server.port}/'}}]\n"
        )
        desk = Desk(tmp_path)
        for command in (("feeds", "test", server.url()), ("check", "--network")):
            process = await _run(desk, *command)
            assert process[0] == 1
            assert "refused" in process[1]
        assert server.connections == 0


async def _run(desk: Desk, *command: str) -> tuple[int, str]:
    """Run a command while the loop's server can answer."""
    done = await asyncio.to_thread(desk.run, *command, check=False)
    return done.returncode, done.stdout + done.stderr


OPENING = frozenset(
    {"create_connection", "open_connection", "sock_connect", "urlopen", "urlretrieve", "create_datagram_endpoint",
     "HTTPConnection", "HTTPSConnection", "open_unix_connection", "AsyncHTTPTransport", "HTTPTransport"}
)  # fmt: skip
CLIENTS = frozenset({"AsyncClient", "Client", "get", "post", "put", "head", "request", "stream"})
WAYS_OUT = {
    "fetch/transport.py": "the one way to publishers and receivers: every address is judged",
    "fetch/client.py": "the same for channels, and httpx's own transport behind the proxy's check",
    "channels/_smtp.py": "the desk's own mail server, from its config",
    "channels/email.py": "the desk's own mail server, from its config",
    "channels/apprise.py": "an extra with connections of its own, to an address of the config",
    "observe.py": "systemd's socket on this machine",
    "parse/_pool.py": "a pair of sockets to a worker of ours",
    "fetch/guard.py": "asks the name server",
    "web/_server.py": "listens, and connects to nobody",
}
"""Every module that may open a socket, and why it is no second gate."""


def _opens(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if {n.partition(".")[0] for n in names} & {
            "socket",
            "requests",
            "smtplib",
            "aiosmtplib",
            "ftplib",
            "aiohttp",
        }:
            return True
        if any(n.startswith(("urllib.request", "http.client", "urllib3")) for n in names):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if node.func.attr in OPENING:
                return True
            if node.func.attr in CLIENTS and isinstance(of, ast.Name) and of.id == "httpx":
                return True
    return False


def test_ghsa_hm22_wg2m_35v4_there_is_one_gate_and_no_other_module_opens_sockets() -> None:
    """changedetection.io GHSA-hm22-wg2m-35v4: whoever opens a connection of its own is on a list here."""
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if _opens(ast.parse(path.read_text("utf-8")))
    }
    assert {name for name in found if not name.startswith("commands/_demo/")} <= WAYS_OUT.keys()
