"""The sites that may show a petition in a frame. Each is an origin (RFC 6454), such as https://www.charity.example."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

MAX_SITES = 20
# Plain http is allowed only for localhost, so that people can try the frame on their own machine.
SITE_PATTERN = (
    r"^(?:https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}|http://(?:localhost|127\.0\.0\.1))"
    r"(?::[0-9]{1,5})?$"
)


def _checked_origin(site: str) -> str:
    """Return the site. Raise ValueError unless it is exactly an origin: we copy it into Content-Security-Policy."""
    is_origin = len(site) <= 200 and re.fullmatch(SITE_PATTERN, site) is not None
    if not is_origin:
        raise ValueError("Enter a site without a path, such as https://www.charity.example")
    return site


SiteOrigin = Annotated[
    str,
    AfterValidator(_checked_origin),
    WithJsonSchema(
        {"type": "string", "pattern": SITE_PATTERN, "maxLength": 200, "examples": ["https://www.charity.example"]}
    ),
]
