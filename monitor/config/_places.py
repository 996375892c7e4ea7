"""Zones, languages, countries and addresses: each checked, with the near one suggested."""

from __future__ import annotations

import codecs
import re
import zoneinfo
from difflib import get_close_matches
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from monitor.config._kinds import STRING, Kind, Surroundings, WrongError, named, near, secret, text
from monitor.config._names import COUNTRY_SLIPS, LANGUAGE_SLIPS, LANGUAGES
from monitor.model import Recipient, Secret


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def zone(value: Any, _: Surroundings | None = None) -> str:
    """Read the name of a time zone of the IANA database. Raises WrongError."""
    name = text(value)
    try:
        if "/" in name or name == "UTC":
            zoneinfo.ZoneInfo(name)
            return name
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    cities = {z.rpartition("/")[2].replace("_", " ").casefold(): z for z in sorted(_zones()) if "/" in z}
    wanted = name.rpartition("/")[2].replace("_", " ").casefold()
    found = get_close_matches(wanted, cities, 1, 0.7)
    hint = f"did you mean {cities[found[0]]!r}?" if found else "write a name such as 'Asia/Dhaka' or 'UTC'"
    raise WrongError(f"there is no time zone {name!r}", hint)


def language(value: Any, _: Surroundings | None = None) -> str:
    """Read a language tag (BCP 47): a code of ISO 639, perhaps with script and region. Raises WrongError."""
    tag = text(value).strip()
    slip = LANGUAGE_SLIPS.get(tag.casefold())
    parts = re.fullmatch(r"([A-Za-z]{2,3})(-[A-Za-z]{4})?(-(?:[A-Za-z]{2}|\d{3}))?", tag)
    if not parts or slip or (len(parts[1]) == 2 and parts[1].lower() not in LANGUAGES):
        hint = f"did you mean {slip!r}?" if slip else "write a code such as bn, en, ru or pt-BR"
        raise WrongError(f"there is no language {tag!r}", hint)
    return parts[1].lower() + (parts[2] or "").title() + (parts[3] or "").upper()


def country(value: Any, _: Surroundings | None = None) -> str:
    """Read a country's two letters (ISO 3166-1; EU and UN are taken). Raises WrongError."""
    code = text(value).strip().upper()
    if slip := COUNTRY_SLIPS.get(code):
        raise WrongError(f"there is no country {code!r}", f"did you mean {slip!r}?")
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise WrongError(f"there is no country {value!r}", "write two letters, such as BD")
    return code


def charset(value: Any, _: Surroundings | None = None) -> str:
    """Read the name of a character encoding that Python knows. Raises WrongError."""
    name = text(value)
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise WrongError(f"there is no charset {name!r}", "write utf-8, windows-1251, …") from error


def address(value: Any, schemes: tuple[str, ...] = ("http", "https")) -> SplitResult:
    """Read a URL of one of `schemes` with a host and no password in it. Raises WrongError."""
    url = text(value)
    if any(c.isspace() or ord(c) < 32 or ord(c) == 127 for c in url):
        raise WrongError("a URL has no blanks in it", "write %20 for a blank" if url.strip() == url else "")
    wanted = " or ".join(f"{s}://" for s in schemes)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise WrongError(f"is not a URL: {error}") from error
    if parts.scheme.lower() not in schemes:
        found = near(parts.scheme, schemes) if parts.netloc else ""
        hint = found or (f"did you mean 'https://{url}'?" if "." in url and "://" not in url else "")
        raise WrongError(f"must begin with {wanted}", hint)
    if not host or (port is not None and not 0 < port < 65_536):
        raise WrongError("is not a URL: it names no host" if not host else "is not a URL: no such port")
    return parts


def url(value: Any, _: Surroundings | None = None) -> str:
    """Read the URL of a feed. Raises WrongError."""
    if address(value).username is not None:
        raise WrongError(
            "a URL holds no user or password", "write auth: env:NAME, with user:password in NAME"
        )
    return str(value)


_NO_WORD = re.compile("(?<=is not a URL):.*")


def ping(value: Any, around: Surroundings) -> Secret:
    """Read a URL that authorises whoever knows it, as it stands or as a secret. Raises WrongError.

    No word of it is repeated.
    """
    found = secret(value, around).value.strip()
    try:
        address(found)
    except WrongError as error:
        raise WrongError(_NO_WORD.sub("", error.problem)) from None
    return Secret(found)


def page(value: Any, _: Surroundings | None = None) -> str:
    """Read a web page or an e-mail address that tells publishers who we are. Raises WrongError."""
    contact = text(value)
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", contact):
        return contact
    address(contact, ("http", "https", "mailto")) if not contact.startswith("mailto:") else None
    return contact


def network(value: Any, _: Surroundings | None = None) -> str:
    """Read an IP address or a network in CIDR notation (RFC 4632). Raises WrongError."""
    name = text(value)
    try:
        return str(ip_network(name))
    except ValueError as error:
        try:
            loose = ip_network(name, strict=False)
        except ValueError:
            raise WrongError(
                f"{name!r} is not an address or network", "write 127.0.0.0/8 or 10.1.2.3"
            ) from error
        raise WrongError(
            f"{name!r} has bits set after its length", f"did you mean {str(loose)!r}?"
        ) from error


def listen(value: Any, _: Surroundings | None = None) -> tuple[str, int]:
    """Read `address:port` of this machine; an IPv6 address stands in brackets. Raises WrongError."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise WrongError("names no address", f"did you mean '127.0.0.1:{value}'?")
    given = text(value)
    parts = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*):([0-9]{1,5})", given)
    if not parts or int(parts[2]) > 65_535:
        if given.count(":") > 1 and not given.startswith("["):
            raise WrongError("an IPv6 address stands in brackets", "write [::1]:8080")
        raise WrongError(f"{given!r} is not an address with a port", "write 127.0.0.1:8080 or [::1]:8080")
    host, port = parts[1], int(parts[2])
    if host == "localhost":
        return host, port
    try:
        address_of = ip_address(host.strip("[]"))
    except ValueError as error:
        hint = (
            f"did you mean '127.0.0.1:{port}'?" if host in ("", "*") else "write 127.0.0.1:8080 or [::1]:8080"
        )
        raise WrongError(f"{host!r} is not an address of this machine", hint) from error
    if (address_of.version == 6) != host.startswith("["):
        raise WrongError("an IPv6 address stands in brackets, no other", "write 127.0.0.1:8080 or [::1]:8080")
    return str(address_of), port


def public(value: Any, _: Surroundings | None = None) -> str:
    """Read the URL by which the outside reaches us; no slash at the end. Raises WrongError."""
    found = address(value)
    if found.username is not None:
        raise WrongError("a URL holds no user or password", "the password stands beside it")
    if found.query or found.fragment:
        raise WrongError(
            "is the beginning of an address, without ? and #", "write https://monitor.example.org"
        )
    return str(value).rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether a host's name or address stays on this machine (RFC 6761 §6.3 for `localhost`)."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


Zone = Annotated[str, Kind(zone, STRING, "zone")]
Language = Annotated[str, Kind(language, STRING, "language")]
Country = Annotated[str, Kind(country, STRING | {"pattern": "^[A-Za-z]{2}$"}, "country")]
Charset = Annotated[str, Kind(charset, STRING, "charset")]
Url = Annotated[str, Kind(url, STRING | {"pattern": "^https?://"}, "URL")]
Ping = Annotated[Secret, Kind(ping, STRING | {"description": "A URL, better as env:NAME"}, "URL")]
PublicUrl = Annotated[str, Kind(public, STRING | {"pattern": "^https?://"}, "URL")]
Listen = Annotated[tuple[str, int], Kind(listen, STRING, "address:port")]
Contact = Annotated[str, Kind(page, STRING, "URL or address")]
Network = Annotated[str, Kind(network, STRING, "network")]


def recipient(value: Any, _: Surroundings) -> Recipient:
    """Read an address, or `{address, language, timezone}`. Raises WrongError."""
    if isinstance(value, str):
        return Recipient(address=text(value))
    if not isinstance(value, dict):
        raise WrongError(f"must be an address, not {named(value)}")
    for key in value:
        if key not in ("address", "language", "timezone"):
            raise WrongError(f"unknown setting {key!r}", near(str(key), ("address", "language", "timezone")))
    if "address" not in value:
        raise WrongError("the address is missing")
    return Recipient(
        address=text(value["address"]),
        language=language(value["language"]) if "language" in value else "",
        timezone=zone(value["timezone"]) if "timezone" in value else "",
    )


_RECIPIENT = {
    "anyOf": [
        STRING,
        {
            "type": "object",
            "properties": {"address": STRING, "language": STRING, "timezone": STRING},
            "required": ["address"],
            "additionalProperties": False,
        },
    ]
}
Person = Annotated[Recipient, Kind(recipient, _RECIPIENT, "recipient")]
