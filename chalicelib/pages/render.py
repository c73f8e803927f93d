"""Everything a browser is sent: HTML from the templates beside this file, and the text files they link to."""

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

# A fixed list, so that no request can ever name another file of the package.
_CONTENT_TYPES = {
    "site.css": "text/css; charset=utf-8",
    "petition.js": "text/javascript; charset=utf-8",
    "sign-in.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    # The chart library: put into the zip by stack.charts, in no checkout.
    "uplot.js": "text/javascript; charset=utf-8",
    "uplot.css": "text/css; charset=utf-8",
}
_DASHBOARD_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# In modules as written and as minified. It skips import(…), for modules that are fetched later, and @import of types.
_STATIC_IMPORT = re.compile(r'(?<!@)\bimport\b[^;()"]*"\./([^"]+)"')


@dataclass(frozen=True)
class Asset:
    """A static file, ready to be answered with: `etag` carries its quotes, as HTTP wants it."""

    body: str
    content_type: str
    etag: str


def render(template: str, *, base: str, site_url: str, **context: object) -> str:
    """The page as HTML. `base` precedes every link ("" or "/prod"); `site_url` starts the links that leave the site.

    Raises `jinja2.UndefinedError` when the template misses a value: a hole in a page is a bug, not a blank.
    """
    page = _environment().get_template(template)
    return page.render(base=base, site_url=site_url, asset_url=partial(asset_url, base=base), **context)


def asset(name: str) -> Asset | None:
    """The asset of that name, or None for anything not on the list."""
    return _load(name) if name in _CONTENT_TYPES and (_HERE / "assets" / name).exists() else None


def asset_url(name: str, *, base: str) -> str:
    """A link that changes whenever the file does, so that browsers and CDN may keep what it answers for a year."""
    found = asset(name)
    return f"{base}/assets/{name}?v={_digest(found.body)[:8]}" if found else f"{base}/assets/{name}"


@cache
def dashboard() -> dict[str, Asset]:
    """The staff pages' modules and styles by name. They import each other, so they are kept and renewed together."""
    files = sorted((_HERE / "dashboard").iterdir())
    return {path.name: _read(path, _DASHBOARD_TYPES[path.suffix]) for path in files}


@cache
def dashboard_start() -> list[str]:
    """The modules that its first view needs: what app.js imports, and what they import."""
    found = ["app.js"]
    for name in found:
        imported = _STATIC_IMPORT.findall(dashboard()[name].body)
        found += [each for each in imported if each not in found]
    return found


@cache
def dashboard_version() -> str:
    """Changes whenever one of them does. It stands in their path, where an import from a neighbour keeps it."""
    return _digest("".join(file.etag for file in dashboard().values()))[:8]


def thousands(number: int) -> str:
    """12345 → "12,345"."""
    return f"{number:,}"


def human_date(moment: datetime) -> str:
    """The UTC day as people write it: "24 November 2026"."""
    day = _utc(moment)
    return f"{day.day} {day:%B %Y}"


def human_moment(moment: datetime) -> str:
    """Day and minute, "24 November 2026 at 14:05 UTC"; petition.js writes the same form when it refreshes."""
    return f"{human_date(moment)} at {_utc(moment):%H:%M} UTC"


def exactly(moment: datetime) -> str:
    """To the second, for what is quoted: "Tuesday 24 November 2026 at 14:05:09 UTC"."""
    return f"{_utc(moment):%A} {human_date(moment)} at {_utc(moment):%H:%M:%S} UTC"


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC, for `<time datetime>`."""
    return f"{_utc(moment):%Y-%m-%dT%H:%M:%SZ}"


def paragraphs(text: str) -> list[str]:
    """The text split at blank lines. Plain strings: the template escapes each like any other value."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def opening(text: str) -> str:
    """The target, say, where a line starts: "the Home Secretary" becomes "The Home Secretary"."""
    return text[:1].upper() + text[1:]


def _utc(moment: datetime) -> datetime:
    # All times here are UTC; astimezone() would read a naive one as the machine's local time.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _load(name: str) -> Asset:
    # Called with listed names only, so the cache cannot be grown from outside.
    return _read(_HERE / "assets" / name, _CONTENT_TYPES[name])


def _read(path: Path, content_type: str) -> Asset:
    body = path.read_text(encoding="utf-8")
    return Asset(body, content_type, f'"{_digest(body)[:16]}"')


@cache
def _environment() -> Environment:
    # Imported here: the JSON sign path shares this package and its cold start must not pay for a template engine.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # a deployed file never changes; do not stat it on every page
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
