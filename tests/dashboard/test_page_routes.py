"""The page's files over HTTP: what is sent, how it is kept fresh, and that no address leads elsewhere."""

import re
from collections.abc import Iterator
from importlib import resources

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from streams.dashboard.page_routes import MEDIA_TYPES, VIEWS, imports, page_assets, page_routes

PLAIN = {"accept-encoding": "identity"}
PAGE = resources.files("streams.dashboard").joinpath("page")


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    with TestClient(Litestar(page_routes(), openapi_config=None)) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        *(view for view in VIEWS if "{" not in view),
        "/frameworks/clm",
        "/customers/ada",
        "/customers/a%2Fb",
        "/customers/a/b",
        "/customers/%3Cscript%3E",
    ],
)
def test_every_address_of_a_view_gives_the_page(client: TestClient[Litestar], path: str) -> None:
    """Deep links work; the page is never run with scripts of anybody else."""
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert '<script type="module" src="/assets/js/main.js">' in answer.text


@pytest.mark.parametrize("name", sorted(page_assets()))
def test_every_file_is_sent_as_what_it_is(client: TestClient[Litestar], name: str) -> None:
    """Plain or packed, it is the same file; who has it already is told so."""
    if name.endswith(".html"):
        assert client.get(f"/assets/{name}").status_code == 404
        return

    plain = client.get(f"/assets/{name}", headers=PLAIN)
    packed = client.get(f"/assets/{name}", headers={"accept-encoding": "br, gzip;q=0.5"})
    known = client.get(f"/assets/{name}", headers={"if-none-match": f'"x", W/{plain.headers["etag"]}'})

    assert plain.content == packed.content == PAGE.joinpath(*name.split("/")).read_bytes()
    assert plain.headers["content-type"].split(";")[0] == MEDIA_TYPES[name[name.rfind(".") :]]
    assert plain.headers["cache-control"] == "no-cache"
    assert ("content-encoding" in packed.headers) == (len(plain.content) >= 1_000)
    assert "content-encoding" not in plain.headers
    assert (known.status_code, known.content) == (304, b"")


def test_plotly_comes_from_its_package_and_is_packed(client: TestClient[Litestar]) -> None:
    """No other host is asked, and less than a third of it goes over the wire."""
    packed = client.get("/assets/plotly.min.js", headers={"accept-encoding": "gzip"})
    refused = client.get("/assets/plotly.min.js", headers={"accept-encoding": "gzip;q=0"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in refused.headers
    assert packed.content == refused.content
    assert int(packed.headers["content-length"]) * 3 < len(refused.content)


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/js",
        "/assets/../app.py",
        "/assets/%2e%2e/app.py",
        "/assets/js/%2e%2e/%2e%2e/app.py",
        "/assets/..%2f..%2fapp.py",
        "/assets/js%5c..%5c..%5capp.py",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/js/main.js%00",
        "/assets/js/main.js/",
        "/assets/index.html",
        "/assets/js/nothing.js",
    ],
)
def test_no_address_leads_out_of_the_table(client: TestClient[Litestar], path: str) -> None:
    """What is not a file of the page is not there, however it is written; a slash at the end is ignored."""
    answer = client.get(path)

    if path == "/assets/js/main.js/":
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    else:
        assert answer.status_code == 404


def test_what_the_overview_needs_is_named_at_the_start() -> None:
    """The browser fetches all modules in one round: each import of a named one is named as well."""
    assets = page_assets()
    named = re.findall(r'modulepreload" href="/assets/([^"]+)"', assets["index.html"].plain.decode())

    needed = {path for name in named for path in imports(name, assets[name].plain.decode())}

    assert {"js/main.js", "js/views/overview.js"} <= set(named)
    assert needed <= set(named)


def test_every_import_of_a_module_is_a_file_of_the_page() -> None:
    """A misspelt path would fail only in the browser, and only where that view is opened."""
    assets = page_assets()
    scripts = {name: asset.plain.decode() for name, asset in assets.items() if name.endswith(".js")}

    missing = {
        (name, path)
        for name, source in scripts.items()
        for path in imports(name, source)
        if path not in assets
    }
    statements = sum(len(re.findall(r'\bfrom "\./|\bfrom "\.\./', source)) for source in scripts.values())

    assert missing == set()
    assert statements == sum(len(imports(name, source)) for name, source in scripts.items()) > 100


def test_nothing_of_the_page_is_longer_than_a_reader_can_hold_and_each_module_says_what_it_owns() -> None:
    """The rule of the Python modules holds for those of the page."""
    scripts = {name: asset.plain.decode() for name, asset in page_assets().items() if name.endswith(".js")}

    assert {name for name, source in scripts.items() if len(source.splitlines()) > 300} == set()
    assert {name for name, source in scripts.items() if not source.startswith("/* ")} == set()


def test_no_module_makes_markup_of_text() -> None:
    """Whatever comes from outside becomes text: the ways to do otherwise do not occur."""
    ways = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
    )

    found = {
        name
        for name, asset in page_assets().items()
        if name.endswith(".js") and ways.search(asset.plain.decode())
    }

    assert found == set()
