"""Read from a client's `Accept` header whether it prefers HTML, JSON or CSV (RFC 9110, 12.5.1)."""

HTML_TYPES = ("text/html",)
JSON_TYPES = ("application/json", "application/problem+json")
CSV_TYPES = ("text/csv",)


def prefers_html(accept: str) -> bool:
    return _prefers(accept, HTML_TYPES)


def prefers_csv(accept: str) -> bool:
    return _prefers(accept, CSV_TYPES)


def prefers_json(accept: str) -> bool:
    return _quality(accept, JSON_TYPES) > _quality(accept, HTML_TYPES)


def _prefers(accept: str, types: tuple[str, ...]) -> bool:
    quality = _quality(accept, types)
    return quality > 0 and quality >= _quality(accept, JSON_TYPES)


def _quality(accept: str, types: tuple[str, ...]) -> float:
    """Return the highest weight (0 to 1) that `accept` gives to one of the types, or 0. A wildcard names no type."""
    highest = 0.0
    for accepted in accept.lower().split(","):
        media_type, *parameters = (part.strip() for part in accepted.split(";"))
        if media_type in types:
            highest = max(highest, _weight(parameters))
    return highest


def _weight(parameters: list[str]) -> float:
    """Return the weight. An invalid one counts as 0, so the client gets another type."""
    weights = [parameter.removeprefix("q=") for parameter in parameters if parameter.startswith("q=")]
    try:
        return float(weights[0]) if weights else 1.0
    except ValueError:
        return 0.0
