"""Which scope of token a request needs: decided here alone, from its method and path, closed by default.

What is not named here needs `read` where it only asks, and `admin` where it may change something.
"""

import re
from typing import Final

import msgspec

from schemas.http import TokenScope

INGEST_PATH: Final = "/v1/touchpoints"
SESSION_PATH: Final = "/v1/session"
PROBES: Final = frozenset({"/healthz", "/readyz"})  # an orchestrator holds no token

_ASKING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# The page's own addresses begin with a plain word that is no version of the API and no metrics. The router
# reads `//v1` as `/v1`: what is not plain is not the page's.
_PAGE: Final = re.compile(r"/(?!v\d|metrics)[a-z0-9_-][a-z0-9._-]*(/.*)?", re.IGNORECASE | re.DOTALL)


class Demand(msgspec.Struct, frozen=True):
    """What a request must bring.

    enough: scopes of which the caller must hold one; none are asked for where it is empty.
    metered: whether it counts against the caller's requests per second.
    """

    enough: frozenset[TokenScope]
    metered: bool = True


_UNMETERED: Final = Demand(frozenset(), metered=False)
_ANYBODY: Final = Demand(frozenset())
_INGEST: Final = Demand(frozenset({TokenScope.INGEST, TokenScope.ADMIN}), metered=False)
_READ: Final = Demand(frozenset({TokenScope.READ, TokenScope.ADMIN}))
_ADMIN: Final = Demand(frozenset({TokenScope.ADMIN}))


def demand(method: str, path: str) -> Demand:
    """Say what a request must bring; `path` is decoded, as the router gets it."""
    if path == SESSION_PATH:  # asking who one is and signing out are for anybody
        return _READ if method == "POST" else _ANYBODY if method in {"GET", "DELETE"} else _ADMIN
    if method == "POST" and path == INGEST_PATH:
        return _INGEST
    if method not in _ASKING:
        return _ADMIN
    if method != "OPTIONS" and (path in PROBES or is_page(path)):
        return _UNMETERED
    return _READ


def is_page(path: str) -> bool:
    """Return whether a path is the page's own: its addresses, scripts and styles, which hold no data."""
    return path == "/" or (
        _PAGE.fullmatch(path) is not None and {".", ".."}.isdisjoint(path.replace("\\", "/").split("/"))
    )


def changes(method: str) -> bool:
    """Return whether a request of this method may change something."""
    return method not in _ASKING
