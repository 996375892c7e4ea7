"""Which addresses we connect to, checked after the name is resolved.

A feed's URL, a redirect and a DNS record are other people's words: each may point at the machine
itself, its network or a cloud's metadata service. So the name is resolved here, every address is
judged here, and the transport connects to an address that passed, never to the name again (no
rebinding between check and use).
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, zip_longest
from typing import Final, TypeAlias

import httpx

from monitor.errors import ConfigError, FetchReason

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network (RFC 791)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "::/96",  # IPv4-compatible (RFC 4291 §2.5.5.1)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # local NAT64 (RFC 8215)
        "100::/64",  # discard (RFC 6666)
        "2001::/23",  # protocol assignments, with Teredo
        "2002::/16",  # 6to4 (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing (RFC 9602)
        "fec0::/10",  # site-local (RFC 3879)
        "ff00::/8",  # multicast
    )
)
"""What `ipaddress.is_global` of CPython 3.11 calls public, or may in some version, and is not."""

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")

_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
"""A host as the wire has it. An escaped NUL in one would end it for some."""

RESOLVED_FOR: Final = 60.0
"""Seconds that a resolved name is kept: feeds of one host are polled back to back."""
MAX_KNOWN: Final = 10_000


class RefusedError(httpx.ConnectError):
    """The address is one that we do not go to."""

    reason = FetchReason.REFUSED


class ResolveError(httpx.ConnectError):
    """The name has no address."""

    reason = FetchReason.DNS


def carried(address: Address) -> Address | None:
    """Return the IPv4 address that an IPv6 address carries inside (mapped, compatible, 6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def is_public(address: Address) -> bool:
    """Say whether an address is one host on the public Internet."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address.version == network.version and address in network for network in _NOT_PUBLIC)


def is_numeric(host: str) -> bool:
    """Say whether a host as written in a URL is a literal address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def spelled(host: str) -> Address | None:
    """Return the address that a host is without any name server: as inet_aton(3) has it (127.1, 0x7f000001,
    2130706433), or localhost (RFC 6761 §6.3). None: it is a name."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


class Guard:
    """Resolves names and lets through only public addresses and those the desk allows.

    `allow_private` holds networks (`127.0.0.0/8`, `fd00::/8`). An address that carries an IPv4
    address inside is let through only if both may be reached. `lookup` turns a name into
    addresses and may block: it runs in threads of its own, so that a hanging name server holds
    up nothing but the feeds that need it.

    Raises ConfigError for a network that cannot be read.
    """

    def __init__(
        self,
        allow_private: Iterable[str] = (),
        *,
        lookup: Callable[[str, int], list[str]] | None = None,
        threads: int = 32,
    ) -> None:
        try:
            self._allowed: tuple[Network, ...] = tuple(
                ipaddress.ip_network(block, strict=False) for block in allow_private
            )
        except ValueError as error:
            raise ConfigError(f"network.allow_private: {error}") from error
        self._lookup = lookup or _system_lookup
        self._threads = threads
        self._executor: ThreadPoolExecutor | None = None
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._asking: dict[str, asyncio.Future[list[str]]] = {}

    def allows(self, address: str) -> bool:
        """Say whether we may connect to an address (in its numeric form)."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return self._allows(parsed)

    def _allows(self, address: Address) -> bool:
        if self._listed(address):
            inner = carried(address)
            return inner is None or self._allows(inner)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            return self._allows(address.ipv4_mapped)
        return is_public(address)

    def check(self, host: str) -> None:
        """Raise RefusedError for a host that is no address we go to, or that readers could differ about.

        For where others resolve names: a proxy would go wherever `http://127.1/` leads it.
        """
        address = spelled(host)
        if not _HOST.fullmatch(host) or (address is not None and not self._allows(address)):
            raise RefusedError(f"{host} is not a public address (network.allow_private lists the exceptions)")

    def _listed(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._allowed)

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses of a host that we may connect to, in the order to try them.

        Raises ResolveError (no such name) and RefusedError (none of its addresses is allowed).
        """
        now = asyncio.get_running_loop().time()
        kept = self._known.get(host)
        if kept is not None and kept[0] > now:
            return kept[1]
        name = host.strip("[]")
        found = (name,) if is_numeric(name) else await self._resolve(name, port)
        allowed = tuple(address for address in found if self.allows(address))
        if not allowed:
            raise RefusedError(
                f"{name} is at {', '.join(found[:4])}: not a public address "
                "(network.allow_private lists the exceptions)"
            )
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[host] = (now + RESOLVED_FOR, allowed)
        return allowed

    async def _resolve(self, name: str, port: int) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        asking = self._asking.get(name)
        if asking is None:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="resolve")
            asking = loop.run_in_executor(self._executor, self._lookup, name, port)
            self._asking[name] = asking
            asking.add_done_callback(lambda done: self._asking.pop(name, None))
        try:
            answer = await asyncio.shield(asking)
        except (OSError, UnicodeError) as error:
            raise ResolveError(f"no address for {name}: {error}") from error
        found = _interleave(answer)
        if not found:
            raise ResolveError(f"no address for {name}")
        return found

    def close(self) -> None:
        """Let go of the threads; those that still wait for a name server end by themselves."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None
        self._known.clear()


def _system_lookup(name: str, port: int) -> list[str]:
    """Ask the system's resolver. Scoped addresses (fe80::1%eth0) keep their scope and are refused."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        # A resolver that could open no socket says that the name is not found. Whether we have room for
        # one tells the two apart; if not, that is what is raised.
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
        raise
    return [str(sockaddr[0]) for _, _, _, _, sockaddr in found]


def _interleave(addresses: Iterable[str]) -> tuple[str, ...]:
    """Order addresses so that the two families take turns, the system's first choice first (RFC 8305 §4)."""
    unique = list(dict.fromkeys(addresses))
    if not unique:
        return ()
    first = [a for a in unique if (":" in a) == (":" in unique[0])]
    second = [a for a in unique if (":" in a) != (":" in unique[0])]
    return tuple(a for a in chain.from_iterable(zip_longest(first, second)) if a is not None)
