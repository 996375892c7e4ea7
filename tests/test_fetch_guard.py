from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError, FetchReason
from monitor.fetch.guard import Guard, RefusedError, ResolveError, carried, is_public

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_one_public_host_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert not Guard().allows(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_let_through(address: str) -> None:
    assert Guard().allows(address)


@given(st.ip_addresses())
def test_nothing_is_let_through_that_carries_a_private_address(address: ipaddress.IPv4Address) -> None:
    inner = carried(address)
    if inner is not None and not is_public(inner):
        assert not is_public(address)


def test_a_scoped_address_is_refused() -> None:
    assert not Guard(["fe80::/10"]).allows("not an address")
    assert not Guard().allows("fe80::1%eth0")


def test_what_the_desk_allows_is_let_through() -> None:
    guard = Guard(["127.0.0.0/8", "fd00::/8"])
    assert guard.allows("127.0.0.1")
    assert guard.allows("::ffff:127.0.0.1")
    assert guard.allows("fd00::1")
    assert not guard.allows("10.0.0.1")
    assert not guard.allows("::1")


def test_a_translated_address_needs_both_layers_allowed() -> None:
    guard = Guard(["64:ff9b::/96"])
    assert guard.allows("64:ff9b::808:808")
    assert not guard.allows("64:ff9b::7f00:1")


def test_a_network_that_cannot_be_read_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="allow_private"):
        Guard(["127.0.0.0/99"])


async def test_only_the_allowed_addresses_of_a_name_are_given() -> None:
    guard = Guard(lookup=lambda name, port: ["10.0.0.1", "2606:4700::1111", "93.184.216.34", "1.1.1.1"])
    assert await guard.addresses("example.org", 443) == ("2606:4700::1111", "93.184.216.34", "1.1.1.1")
    guard.close()


async def test_a_name_that_leads_only_inside_is_refused() -> None:
    guard = Guard(lookup=lambda name, port: ["10.0.0.1", "::1"])
    with pytest.raises(RefusedError, match="not a public address") as refused:
        await guard.addresses("internal.example.org", 80)
    assert refused.value.reason is FetchReason.REFUSED
    guard.close()


async def test_a_name_without_an_address_is_a_dns_error() -> None:
    def fail(name: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    def nothing(name: str, port: int) -> list[str]:
        return []

    for lookup in (fail, nothing):
        guard = Guard(lookup=lookup)
        with pytest.raises(ResolveError, match=r"example\.org") as failed:
            await guard.addresses("example.org", 80)
        assert failed.value.reason is FetchReason.DNS
        guard.close()


async def test_a_name_is_asked_for_once_in_a_while() -> None:
    asked: list[str] = []

    def lookup(name: str, port: int) -> list[str]:
        asked.append(name)
        return ["1.1.1.1"]

    guard = Guard(lookup=lookup)
    for _ in range(5):
        await guard.addresses("example.org", 80)
    assert asked == ["example.org"]
    guard.close()
