"""Render the HTML templates, and read the static files (assets), also those of the staff pages (the dashboard)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.core.language import ENGLISH, language_of
from chalicelib.pages.jinja import environment

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent

# A fixed list, so that no request can read another file of the package.
_CONTENT_TYPES = {
    "site.css": "text/css; charset=utf-8",
    "petition.js": "text/javascript; charset=utf-8",
    "proof.js": "text/javascript; charset=utf-8",
    "sign-in.js": "text/javascript; charset=utf-8",
    "mailbox.js": "text/javascript; charset=utf-8",
    "mailboxes.json": "application/json",
    "inbox.js": "text/javascript; charset=utf-8",
    "share.js": "text/javascript; charset=utf-8",
    "screen.js": "text/javascript; charset=utf-8",
    "screen.css": "text/css; charset=utf-8",
    # embed.js runs on other sites, frame.js in the frame that it makes.
    "embed.js": "text/javascript; charset=utf-8",
    "frame.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    # The chart library: only in the package (stack.charts).
    "uplot.js": "text/javascript; charset=utf-8",
    "uplot.css": "text/css; charset=utf-8",
}
# The local run puts paths of files here that only the package has.
OUTSIDE_ASSETS: dict[str, Path] = {}
_DASHBOARD_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# Not import(…), which loads a module later, and not @import of types.
_STATIC_IMPORT = re.compile(r'(?<!@)\bimport\b[^;()"]*"\./([^"]+)"')

# XML forbids these. One would break a whole feed or SVG.
_FORBIDDEN_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Asset:
    """A static file. `etag` includes the quotes of the HTTP header."""

    body: str
    content_type: str
    etag: str

    @property
    def version(self) -> str:
        return self.etag[1:9]


def render(
    template: str, language: str = ENGLISH, chosen: str = "", /, *, base: str, site_url: str, **context: object
) -> str:
    """Return the filled-in template, which is HTML, SVG or Atom, in the language with this code.

    `chosen`: the language code in the request's URL, or "": `link("/path")` adds it. `base`: the prefix of links ("" or
    "/site"). `site_url`: of links that people share. The context may have `switch`, the links by language of this page;
    `foreign`, HTML attributes of text in another language; and `embedded`, true in a frame on another site. A value
    that the template needs and `context` lacks is a `jinja2.UndefinedError`.
    """
    page = _templates(language).get_template(template)
    helpers = {"asset_url": partial(asset_url, base=base), "link": partial(link, base=base, lang=chosen)}
    defaults = {"chosen": chosen, "foreign": {}, "switch": (), "embedded": False}
    text = page.render(**{"base": base, "site_url": site_url, **defaults, **helpers, **context})
    return text if template.endswith(".html") else _FORBIDDEN_IN_XML.sub(" ", text)


def link(path: str, *, base: str, lang: str) -> str:
    address, hash_sign, anchor = path.partition("#")
    query = ""
    if lang:
        separator = "&" if "?" in address else "?"
        query = f"{separator}lang={lang}"
    return f"{base}{address}{query}{hash_sign}{anchor}"


def asset(name: str) -> Asset | None:
    return _load(name) if name in _CONTENT_TYPES and _path(name).exists() else None


def asset_url(name: str, *, base: str) -> str:
    """Return a URL that changes with the file, so that browsers and the CDN may cache the file for a year."""
    file = asset(name)
    url = f"{base}/assets/{name}"
    return f"{url}?v={file.version}" if file else url


@cache
def dashboard_files() -> dict[str, Asset]:
    files = sorted((_HERE / "dashboard").iterdir())
    return {path.name: _read(path, _DASHBOARD_TYPES[path.suffix]) for path in files}


@cache
def startup_modules() -> list[str]:
    """Return app.js and all modules that it imports statically, directly or indirectly."""
    modules = ["app.js"]
    for name in modules:  # The loop also reaches the modules that it adds.
        imported = _STATIC_IMPORT.findall(dashboard_files()[name].body)
        modules += [each for each in imported if each not in modules]
    return modules


@cache
def dashboard_version() -> str:
    """Return a version of all dashboard files. It is in their path, so relative imports load the same version."""
    etags = [file.etag for file in dashboard_files().values()]
    return _digest("".join(etags))[:8]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _load(name: str) -> Asset:
    # Listed names only: requests cannot grow the cache.
    return _read(_path(name), _CONTENT_TYPES[name])


def _path(name: str) -> Path:
    return OUTSIDE_ASSETS.get(name, _HERE / "assets" / name)


def _read(path: Path, content_type: str) -> Asset:
    body = path.read_text(encoding="utf-8")
    return Asset(body, content_type, f'"{_digest(body)[:16]}"')


@cache
def _templates(language: str) -> Environment:
    return environment(_HERE / "templates", language=language_of(language))
