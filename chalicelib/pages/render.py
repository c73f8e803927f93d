"""Render the HTML templates, and read the static files that they link to."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent

# A fixed list, so that no request can read another file of the package.
_CONTENT_TYPES = {
    "site.css": "text/css; charset=utf-8",
    "petition.js": "text/javascript; charset=utf-8",
    "sign-in.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    # The chart library. stack.charts adds it to the zip; it is not in the repository.
    "uplot.js": "text/javascript; charset=utf-8",
    "uplot.css": "text/css; charset=utf-8",
}
_DASHBOARD_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# Matches in source and minified modules. Skips import(…), which loads modules later, and @import of types.
_STATIC_IMPORT = re.compile(r'(?<!@)\bimport\b[^;()"]*"\./([^"]+)"')


@dataclass(frozen=True)
class Asset:
    """A static file. `etag` includes its quotes, as in the HTTP header."""

    body: str
    content_type: str
    etag: str


def render(template: str, *, base: str, site_url: str, **context: object) -> str:
    """Return the page as HTML. `base` is the prefix of links ("" or "/prod"); `site_url` of links that people share.

    Raise `jinja2.UndefinedError` when `context` lacks a value that the template uses.
    """
    page = _environment().get_template(template)
    return page.render(base=base, site_url=site_url, asset_url=partial(asset_url, base=base), **context)


def asset(name: str) -> Asset | None:
    """Return the asset, or None for a name that is not listed or a file that does not exist."""
    return _load(name) if name in _CONTENT_TYPES and (_HERE / "assets" / name).exists() else None


def asset_url(name: str, *, base: str) -> str:
    """Return a URL that changes with the file, so that browsers and the CDN may cache the file for a year."""
    found = asset(name)
    return f"{base}/assets/{name}?v={_digest(found.body)[:8]}" if found else f"{base}/assets/{name}"


@cache
def dashboard() -> dict[str, Asset]:
    """Return the modules and styles of the staff pages by name."""
    files = sorted((_HERE / "dashboard").iterdir())
    return {path.name: _read(path, _DASHBOARD_TYPES[path.suffix]) for path in files}


@cache
def dashboard_start() -> list[str]:
    """Return app.js and all modules that it imports statically, directly or indirectly."""
    found = ["app.js"]
    for name in found:
        imported = _STATIC_IMPORT.findall(dashboard()[name].body)
        found += [each for each in imported if each not in found]
    return found


@cache
def dashboard_version() -> str:
    """Return a version that changes with any dashboard file. It is in their path, so that relative imports keep it."""
    return _digest("".join(file.etag for file in dashboard().values()))[:8]


def thousands(number: int) -> str:
    """12345 → "12,345"."""
    return f"{number:,}"


def human_date(moment: datetime) -> str:
    """Return the UTC day: "24 November 2026"."""
    day = _utc(moment)
    return f"{day.day} {day:%B %Y}"


def human_moment(moment: datetime) -> str:
    """Return day and minute: "24 November 2026 at 14:05 UTC". petition.js uses the same format."""
    return f"{human_date(moment)} at {_utc(moment):%H:%M} UTC"


def exactly(moment: datetime) -> str:
    """Return the time to the second: "Tuesday 24 November 2026 at 14:05:09 UTC"."""
    return f"{_utc(moment):%A} {human_date(moment)} at {_utc(moment):%H:%M:%S} UTC"


def iso(moment: datetime) -> str:
    """Return ISO 8601 in UTC, for `<time datetime>`."""
    return f"{_utc(moment):%Y-%m-%dT%H:%M:%SZ}"


def paragraphs(text: str) -> list[str]:
    """Split the text at blank lines. The result is not HTML: the template escapes it."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def opening(text: str) -> str:
    """Capitalise the first letter: "the Home Secretary" becomes "The Home Secretary"."""
    return text[:1].upper() + text[1:]


def _utc(moment: datetime) -> datetime:
    # Naive times here are UTC; astimezone() would read them as local time.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _load(name: str) -> Asset:
    # Called with listed names only, so that requests cannot grow the cache.
    return _read(_HERE / "assets" / name, _CONTENT_TYPES[name])


def _read(path: Path, content_type: str) -> Asset:
    body = path.read_text(encoding="utf-8")
    return Asset(body, content_type, f'"{_digest(body)[:16]}"')


@cache
def _environment() -> Environment:
    # Imported here, so that the cold start of the JSON sign route does not load the template engine.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # Deployed files never change, so do not stat them for every page.
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "thousands": thousands,
        "date": human_date,
        "moment": human_moment,
        "exactly": exactly,
        "iso": iso,
        "paragraphs": paragraphs,
        "opening": opening,
    }
    return environment
