"""The messages of the local CDN: the request of a viewer, the request to an origin, and an answer.

A viewer is a client of the CDN, for example a browser. An origin is a server behind the CDN.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from multidict import CIMultiDict

Headers = CIMultiDict[str]
VIA = "1.1 local.cloudfront.net (CloudFront)"


@dataclass(frozen=True)
class ViewerRequest:
    """A request as the viewer sent it. `path` is not decoded; `query` is without its question mark."""

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=CIMultiDict)
    body: bytes = b""
    address: str = "127.0.0.1"
    port: int = 0

    @property
    def is_get_or_head(self) -> bool:
        """Whether the request only reads, so that the cache may answer it."""
        return self.method in ("GET", "HEAD")


@dataclass(frozen=True)
class OriginRequest:
    """A request for an origin. `target`: the path and the query. The CDN later puts the origin's own path before it."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""

    def with_headers(self, more: Mapping[str, str]) -> Self:
        """Return the request with further headers, which replace those of the same name."""
        headers = self.headers.copy()
        headers.update(more)
        return replace(self, headers=headers)


@dataclass(frozen=True)
class EdgeAnswer:
    """An answer, from an origin or from the CDN itself."""

    status: int
    headers: Headers = field(default_factory=CIMultiDict)
    body: bytes = b""

    @property
    def is_error(self) -> bool:
        return self.status >= 400

    @property
    def has_failed(self) -> bool:
        """Whether the origin failed: it answered 5xx, or the CDN could not reach it and itself made a 502 or 504."""
        return self.status >= 500

    def with_headers(self, more: Mapping[str, str]) -> Self:
        """Return the answer with further headers, which replace those of the same name."""
        headers = self.headers.copy()
        headers.update(more)
        return replace(self, headers=headers)


class Unreachable(Exception):
    """The origin refused the connection, broke it, or did not answer in time."""

    def __init__(self, status: int) -> None:
        super().__init__(f"origin unreachable: {status}")
        self.status = status
        """502: no connection. 504: no answer in time."""


def list_entries(value: str) -> list[str]:
    """Return the entries of a header's value, which is a list with commas. Leave out spaces and empty entries."""
    entries = [entry.strip() for entry in value.split(",")]
    return [entry for entry in entries if entry]
