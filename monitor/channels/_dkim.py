"""DKIM (RFC 6376): the door to dkimpy. Imported only where a channel signs, for its DNS part takes 90 ms."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dkim
from dkim.crypto import UnparsableKeyError, parse_pem_private_key

from monitor.errors import ConfigError
from monitor.model import Secret

LEAST_BITS = 1024
"""RFC 8301 §3.2: verifiers take nothing shorter; 2,048 is what they want."""


def signer(domain: str, selector: str, key: Secret) -> Callable[[bytes, Sequence[str]], bytes]:
    """Return what signs a mail: (its bytes, the headers to sign) → the DKIM-Signature header, with CRLF.

    `From` is signed once more than it is there, so that nobody adds a second one (RFC 6376 §8.15).
    Raises ConfigError for a key that is none.
    """
    pem = "\n".join(line.strip() for line in key.value.strip().splitlines()).encode("ascii", "replace")
    try:
        bits = parse_pem_private_key(pem)["modulus"].bit_length()
    except (UnparsableKeyError, KeyError, ValueError, IndexError) as error:
        raise ConfigError(
            "dkim.key: is not an RSA key in PEM; write file:PATH of what `openssl genrsa 2048` made"
        ) from error
    if bits < LEAST_BITS:
        raise ConfigError(f"dkim.key: has {bits} bits, which no receiver takes; make one of 2,048")

    def sign(raw: bytes, names: Sequence[str]) -> bytes:
        signature: bytes = dkim.sign(
            raw,
            selector.encode("ascii"),
            domain.encode("ascii"),
            pem,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name.encode("ascii") for name in (*names, "From")],
        )
        return signature

    return sign
