"""Requests with the status that each gets."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from chalicelib.core.tokens import Purpose
from tests.fake_site import FORM, JSON

NO_PROVIDER = "?no-provider"
STAFF = {"Authorization": "Bearer <bob>"}


@dataclass(frozen=True)
class Case:
    """A request and its expected status. `with_tokens` replaces <confirm>, <withdraw>, ... with tokens."""

    status: int
    method: str
    route: str
    url: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.url[:60]} {self.status}"


def get(status: int, route: str, url: str = "", **headers: str) -> Case:
    return Case(status, "GET", route, url or route, headers=headers)


def post(status: int, route: str, url: str, body: bytes, kind: str = FORM) -> Case:
    return Case(status, "POST", route, url, body, {"Content-Type": kind})


def staff(method: str, status: int, route: str, url: str = "", body: bytes = b"", kind: str = JSON) -> Case:
    return Case(status, method, route, url or route, body, {**STAFF, "Content-Type": kind})


def refused_bodies(right: Case, most_bytes: int = 16 * 1024, invalid: bytes = b"[]") -> Iterator[Case]:
    """Yield the request with a body that is no JSON, is too large, has fields that are not valid, or is plain text."""
    for status, body in {400: b"{", 413: b"a" * (most_bytes + 1), 422: invalid}.items():
        yield replace(right, status=status, body=body)
    yield replace(right, status=415, headers={**right.headers, "Content-Type": "text/plain"})


def petition_cases(route: str, open_status: int = 200) -> list[Case]:
    statuses = {"safe-children": open_status, "nobody": 404, "a-draft": 404, "removed": 410}
    return [get(status, route, route.format(slug=slug)) for slug, status in statuses.items()]


def signing_cases(route: str, kind: str, accepted: int, body: bytes, invalid: bytes = b"[]") -> list[Case]:
    states = {"nobody": 404, "closed": 409, "removed": 410, "safe-children": accepted}
    cases = [post(status, route, route.format(slug=slug), body, kind) for slug, status in states.items()]
    refused = refused_bodies(cases[-1], invalid=invalid)
    return [*cases, *(case for case in refused if kind == JSON or case.status != 400)]


def link_cases(purpose: str) -> list[Case]:
    route, url = f"/{purpose}", f"/{purpose}?token=<{purpose}>"
    outcomes = {url: 200, route: 400, f"{url}x": 400, f"{route}?token=<{purpose}-nobody>": 404}
    outcomes[f"{route}?token=<{purpose}-expired>"] = 410
    multipart_status = 415 if purpose in (Purpose.CONFIRM, Purpose.STOP) else 200
    return [
        *(get(status, route, link) for link, status in outcomes.items()),
        *(post(status, route, link, b"List-Unsubscribe=One-Click") for link, status in outcomes.items()),
        post(200, route, url, b"", ""),
        post(multipart_status, route, url, b"--x--", "multipart/form-data; boundary=x"),
        post(413, route, url, b"a" * 16_385),
        post(415, route, route, b"token=x", f"{FORM}-like"),
        post(422, route, url, b"a=1&" * 51),
    ]


def own_link_cases(method: str, route: str, purpose: str) -> list[Case]:
    """Return requests to a route of "my signatures"."""
    body = b"do=stop-updates&petition=safe-children" if method == "POST" else b""
    headers = {"Content-Type": FORM} if body else {}
    statuses = {"": 200, "-nobody": 404, "-expired": 410}
    urls = {status: f"{route}?token=<{purpose}{kind}>" for kind, status in statuses.items()}
    cases = [Case(status, method, route, url, body, headers) for status, url in urls.items()]
    cases.append(Case(400, method, route, f"{route}?token=x", body, headers))
    if method == "GET":
        return cases
    return [
        *cases,
        post(413, route, urls[200], b"a" * 16_385),
        post(415, route, urls[200], b"token=x", f"{FORM}-like"),
        post(422, route, urls[200], b"a=1&" * 51),
    ]


def change_cases(method: str, route: str, body: bytes, wrong_body: bytes, most_bytes: int = 16 * 1024) -> list[Case]:
    """Return requests that change a petition. `most_bytes`: the limit of a body."""
    url = route.format(slug="safe-children")
    right = staff(method, 200, route, url, body)
    matching = replace(right, headers={**right.headers, "If-Match": "*"})
    return [
        matching,
        replace(right, status=428),
        replace(matching, status=412, headers={**right.headers, "If-Match": '"0"'}),
        replace(matching, status=404, url=route.format(slug="nobody")),
        *refused_bodies(matching, most_bytes, wrong_body),
    ]
