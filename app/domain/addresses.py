"""Which network addresses belong to the public internet, and which lead back into somebody's house."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

_PRIVATE_NAMES = ("localhost", "local", "internal")
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Not loopback, private, link-local (cloud metadata), shared, multicast, or one of these inside an IPv6.

    Raises ValueError if `text` is no address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _inside(address)
        if inner is not None:
            return _is_public(inner) and _is_public(address)
    return _is_public(address)


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that this one is a way to."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


def problem_of_target(url: str, *, plain_http: bool, private_targets: bool) -> str | None:
    """What is wrong with an address that we are to call, as far as can be told without asking anybody.

    Where a name leads to is for the moment of each call: it may lead elsewhere by then.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "Must be an address, such as https://example.com/hooks."
    if parts.scheme not in (("https", "http") if plain_http else ("https",)) or not host:
        return "Must be an address that begins with https://."
    if parts.username is not None or parts.password is not None:
        return "Must hold no user or password."
    if not url.isascii() or not url.isprintable() or " " in url:
        return "Must be ASCII; percent-encode the rest."
    if not private_targets and not _may_be_public(host):
        return "Must not lead into a private network."
    return None


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        return host.rstrip(".").rpartition(".")[2].casefold() not in _PRIVATE_NAMES
