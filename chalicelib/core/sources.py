"""Where a supporter came from: the `?source=` of a link."""

import re

MAX_SOURCE_LENGTH = 40
SOURCE_PATTERN = rf"^[a-z0-9-]{{1,{MAX_SOURCE_LENGTH}}}$"
# The source of a signature without `?source=`.
DIRECT = "direct"


def valid_source_or_none(source: str | None) -> str | None:
    """A link with an invalid source still works, so return None."""
    return source if source and re.fullmatch(SOURCE_PATTERN, source) else None
