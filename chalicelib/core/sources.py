"""Where a supporter came from: the `?source=` of a link."""

import re

SOURCE_PATTERN = r"^[a-z0-9-]{1,40}$"
# The source of a signature that names none.
DIRECT = "direct"


def known_source(source: str | None) -> str | None:
    """What a link may hand on to the form; anything else is dropped, not complained about."""
    return source if source and re.fullmatch(SOURCE_PATTERN, source) else None
