"""The live page: its files, read once from the package, each at one address; and Plotly from its own package.

Only addresses of the table made here are answered, so no path leads elsewhere. Browsers keep what they have
and ask whether it is still right (ETag).
"""

import gzip
import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
VIEWS: Final = [
    "/",
    "/overview",
    "/frameworks",
    "/frameworks/{rest:path}",
    "/customers",
    "/customers/{rest:path}",
    "/alerts",
    "/model",
    "/health",
]
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_PLOTLY: Final = "plotly.min.js"
_AT_FIRST: Final = ("js/main.js", "js/views/overview.js")  # what the overview needs is fetched in one round
_MODULES_MARK: Final = b"<!-- modules -->"
_WORTH_PACKING_BYTES: Final = 1_000


class Asset(msgspec.Struct, frozen=True):
    """A file as it is sent: plain, packed where that is worth it, its media type and its ETag."""

    plain: bytes
    packed: bytes | None
    media_type: str
    tag: str


def page_routes() -> list[HTTPRouteHandler]:
    """Build the routes of the page and of what it is made of."""
    assets = page_assets()

    @get(VIEWS, include_in_schema=False, sync_to_thread=False)
    def get_page(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the page; which view it shows, it reads from its address."""
        return _answer(assets["index.html"], request)

    @get("/docs", include_in_schema=False, sync_to_thread=False)
    def get_docs(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the page that shows the OpenAPI document."""
        return _answer(assets["docs.html"], request)

    @get("/assets/{name:path}", include_in_schema=False, sync_to_thread=True)
    def get_asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        """Return a file of the page."""
        wanted = name.removeprefix("/")
        if wanted == _PLOTLY:
            return _answer(_plotly(), request)
        if wanted not in assets or wanted.endswith(".html"):
            raise NotFoundException(f"there is no asset {wanted!r}")
        return _answer(assets[wanted], request)

    return [get_page, get_docs, get_asset]


@cache
def page_assets() -> dict[str, Asset]:
    """Read the files of the page, by their path below its directory."""
    root = resources.files("streams.dashboard").joinpath("page")
    contents = {path: found.read_bytes() for path, found in _files(root, "")}
    contents["index.html"] = contents["index.html"].replace(_MODULES_MARK, _preloads(contents))
    return {path: _asset(path, content) for path, content in contents.items()}


@cache
def _plotly() -> Asset:
    """Read Plotly and pack it: once, at the first chart that somebody looks at."""
    found = resources.files("plotly").joinpath("package_data", _PLOTLY)
    return _asset(_PLOTLY, found.read_bytes())


def _files(directory: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for each in sorted(directory.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            found += _files(each, f"{prefix}{each.name}/")
        elif _suffix(each.name) in MEDIA_TYPES:
            found.append((f"{prefix}{each.name}", each))
    return found


def _preloads(contents: dict[str, bytes]) -> bytes:
    """Name the modules that the overview needs, so that the browser need not find one by the other."""
    needed: list[str] = []
    waiting = list(_AT_FIRST)
    while waiting:
        path = waiting.pop()
        if path not in needed:
            needed.append(path)
            waiting += imports(path, contents[path].decode())
    links = (f'<link rel="modulepreload" href="/assets/{path}">' for path in sorted(needed))
    return "\n  ".join(links).encode()


def imports(path: str, source: str) -> list[str]:
    """Return the paths of the modules that a module imports at its beginning."""
    found: list[str] = []
    for line in source.splitlines():
        _, imported, target = line.rpartition(' from "')
        if imported and line.startswith(("import ", "export ", "} ")):
            found.append(_resolved(path, target.rstrip('";')))
    return found


def _resolved(path: str, target: str) -> str:
    parts = path.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _asset(path: str, content: bytes) -> Asset:
    packed = gzip.compress(content, mtime=0) if len(content) >= _WORTH_PACKING_BYTES else None
    digest = hashlib.sha256(content).hexdigest()[:20]
    return Asset(content, packed, MEDIA_TYPES[_suffix(path)], f'"{digest}"')


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]


def _answer(asset: Asset, request: Request[Any, Any, Any]) -> Response[bytes]:
    headers = {"ETag": asset.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if asset.media_type.startswith("text/html"):
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if asset.tag in known:
        return Response(b"", status_code=304, headers=headers)
    body = asset.plain
    if asset.packed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        body = asset.packed
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=asset.media_type, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    offers = (offer.strip().replace(" ", "").partition(";") for offer in accepted.lower().split(","))
    return any(coding in {"gzip", "*"} and weight not in {"q=0", "q=0.0"} for coding, _, weight in offers)
