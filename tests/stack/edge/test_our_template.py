"""The CDN of our own template: what a visitor and a program see while the API is busy."""

from typing import Any

import pytest

from stack.busy_page import page
from stack.edge.engine import Edge
from stack.edge.local import PARAMETERS
from stack.edge.message import EdgeAnswer, OriginRequest
from stack.edge.origins import Origins
from stack.edge.template import distributions
from tests.stack.edge.scene import HERE, a_request, an_answer, finished, settled
from tests.template.packaged import TEMPLATE

PETITION, COUNT = "/petitions/safe-children", "/api/petitions/safe-children/count"
PUBLIC = {"Cache_Control": "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"}


class Busy(Origins):
    """Our distributions. The API says what a test tells it; the bucket has what a deployment puts there."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.says = an_answer("page", **PUBLIC)
        self.asked: list[OriginRequest] = []
        found = distributions(TEMPLATE, PARAMETERS, HERE, {"OriginKeys": '{"v1": "hush"}'})
        super().__init__(found, lambda: self.now, "api", lambda path: f"bucket{path}")
        self.edge: Edge = self.edges["Edge"]

    async def _over_http(self, url: str, asked: OriginRequest) -> EdgeAnswer:
        if url.startswith("bucket"):
            found = url == "bucket/busy.html"
            return an_answer(page(), 200, Cache_Control="no-store") if found else an_answer("AccessDenied", 403)
        self.asked.append(asked)
        return self.says

    def get(self, target: str, method: str = "GET", **headers: str) -> EdgeAnswer:
        async def one() -> EdgeAnswer:
            answer = await self.edge.answer(a_request(target, method, b"", **headers))
            await settled()
            return answer

        return finished(one())


def failing(status: int) -> EdgeAnswer:
    return an_answer('{"title": "Busy"}', status, Content_Type="application/problem+json", Cache_Control="no-store")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_page_that_fails_is_the_busy_page_until_the_api_answers_again(status: int) -> None:
    site = Busy()
    site.says = failing(status)
    busy = site.get(PETITION)
    assert (busy.status, busy.headers["Retry-After"]) == (503, "10")
    assert "Nothing was sent." in busy.body.decode()
    site.says = an_answer("page", **PUBLIC)
    site.now += 1.5
    again = site.get(PETITION)
    assert (again.status, again.body) == (200, b"page")


def test_a_page_that_is_known_is_shown_for_a_day_instead_of_the_busy_page() -> None:
    site = Busy()
    site.get(PETITION)
    site.says = failing(429)
    site.now += 3600
    assert site.get(PETITION).body == b"page"


@pytest.mark.parametrize(
    ("target", "method"), [(COUNT, "GET"), (f"{PETITION}/signatures", "POST"), (f"{PETITION}/thanks", "GET")]
)
def test_a_program_and_whoever_has_sent_something_get_the_apis_own_answer(target: str, method: str) -> None:
    site = Busy()
    site.says = failing(503)
    answer = site.get(target, method)
    assert (answer.status, answer.body) == (503, b'{"title": "Busy"}')


def test_the_api_gets_the_key_the_prefix_and_the_visitor_and_no_cookie_or_false_header() -> None:
    site = Busy()
    lies: dict[str, Any] = {
        "X_Origin_Verify": "x",
        "X_Forwarded_Prefix": "/evil",
        "X_Forwarded_For": "6.6.6.6",
    }
    passed_on = {"Authorization": "Bearer x", "OSDI_API_Token": "y", "If_Match": '"3"', "Accept": "text/csv"}
    site.get(f"{PETITION}/signatures", "POST", Cookie="a=b", X_HTTP_Method_Override="DELETE", **lies, **passed_on)
    [asked] = site.asked
    assert asked.target == f"/site{PETITION}/signatures"
    assert (asked.headers["X-Origin-Verify"], asked.headers["X-Forwarded-Prefix"]) == ("hush", "/")
    assert asked.headers["X-Forwarded-For"] == "6.6.6.6, 192.0.2.7"
    assert all(asked.headers[name.replace("_", "-")] == value for name, value in passed_on.items())
    assert not {"Cookie", "X-HTTP-Method-Override"} & {*asked.headers}
