"""The Jinja environment of pages and emails, and its filters."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.core.times import iso

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(*folders: Path) -> Environment:
    """Return an environment for the templates in these folders; the first folder that has a name wins."""
    # Imported here, so that the cold start of signing does not load the template engine.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(folders),
        autoescape=lambda name: not (name and name.endswith(".txt")),
        undefined=StrictUndefined,
        auto_reload=False,  # Deployed files never change, so do not stat them for every page.
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "thousands": thousands,
        "date": human_date,
        "moment": human_moment,
        "exactly": exactly,
        "iso": iso,
        "paragraphs": paragraphs,
        "opening": opening,
    }
    return made


def thousands(number: int) -> str:
    """12345 → "12,345"."""
    return f"{number:,}"


def human_date(moment: datetime) -> str:
    """Return the UTC day: "24 November 2026"."""
    day = moment.astimezone(UTC)
    return f"{day.day} {day:%B %Y}"


def human_moment(moment: datetime) -> str:
    """Return day and minute: "24 November 2026 at 14:05 UTC". petition.js uses the same format."""
    return f"{human_date(moment)} at {moment.astimezone(UTC):%H:%M} UTC"


def exactly(moment: datetime) -> str:
    """Return the time to the second: "Tuesday 24 November 2026 at 14:05:09 UTC"."""
    utc = moment.astimezone(UTC)
    return f"{utc:%A} {human_date(utc)} at {utc:%H:%M:%S} UTC"


def paragraphs(text: str) -> list[str]:
    """Split the text at blank lines. The result is not HTML: the template escapes it."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def opening(text: str) -> str:
    """Capitalise the first letter: "the Home Secretary" becomes "The Home Secretary"."""
    return text[:1].upper() + text[1:]
