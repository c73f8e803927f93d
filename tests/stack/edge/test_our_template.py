"""The CDN of our own template: what a visitor and a program see while the API is busy."""

from typing import Any

import pytest

from stack.busy_page import page
from stack.edge.engine import Edge
from stack.edge.local import PARAMETERS
from stack.edge.message import EdgeAnswer, OriginRequest
from stack.edge.origins import Origins
from stack.edge.template import distributions
from tests.stack.edge.scene import REGION_AND_ACCOUNT, a_request, an_answer, let_tasks_run, result_of, with_dashes
from tests.template.packaged import TEMPLATE

PETITION_PATH, COUNT_PATH = "/petitions/safe-children", "/api/petitions/safe-children/count"
PUBLIC_CACHE = {"Cache_Control": "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"}


class OurCdn(Origins):
    """Our distributions. A test sets the API's answer; the bucket has what a deployment puts there."""

    def __init__(self, **parameters: str) -> None:
        self.now = 1_000_000.0
        self.api_answer = an_answer("page", **PUBLIC_CACHE)
        self.api_requests: list[OriginRequest] = []
        keys = {"OriginKeys": '{"v1": "hush"}'}
        found = distributions(TEMPLATE, {**PARAMETERS, **parameters}, REGION_AND_ACCOUNT, keys)
        super().__init__(found, lambda: self.now, "api", lambda path: f"bucket{path}")
        self.edge: Edge = self.edges["Edge"]

    async def _over_http(self, url: str, origin_request: OriginRequest) -> EdgeAnswer:
        if url == "bucket/busy.html":
            return an_answer(page(), 200, Cache_Control="no-store")
        if url.startswith("bucket"):
            return an_answer("AccessDenied", 403)
        self.api_requests.append(origin_request)
        return self.api_answer

    def request(self, target: str, method: str = "GET", **headers: str) -> EdgeAnswer:
        async def one() -> EdgeAnswer:
            answer = await self.edge.answer(a_request(target, method, b"", **headers))
            await let_tasks_run()
            return answer

        return result_of(one())


def a_failure(status: int) -> EdgeAnswer:
    return an_answer('{"title": "Busy"}', status, Content_Type="application/problem+json", Cache_Control="no-store")


@pytest.mark.parametrize(
    ("status", "parameters"), [*((each, {}) for each in (500, 502, 503, 504)), (429, {"FailOverOn429": "yes"})]
)
def test_a_page_that_fails_is_replaced_by_the_busy_page_until_the_api_answers_again(
    status: int, parameters: dict[str, str]
) -> None:
    site = OurCdn(**parameters)
    site.api_answer = a_failure(status)
    busy = site.request(PETITION_PATH)
    assert (busy.status, busy.headers["Retry-After"]) == (503, "10")
    assert "Nothing was sent." in busy.body.decode()
    site.api_answer = an_answer("page", **PUBLIC_CACHE)
    site.now += 1.5
    again = site.request(PETITION_PATH)
    assert (again.status, again.body) == (200, b"page")


def test_a_stale_page_is_shown_instead_of_the_busy_page() -> None:
    site = OurCdn()
    site.request(PETITION_PATH)
    site.api_answer = a_failure(503)
    site.now += 3600
    assert site.request(PETITION_PATH).body == b"page"


@pytest.mark.parametrize(
    ("target", "method"),
    [(COUNT_PATH, "GET"), (f"{PETITION_PATH}/signatures", "POST"), (f"{PETITION_PATH}/thanks", "GET")],
)
def test_programs_and_people_who_sent_a_form_get_the_apis_own_answer(target: str, method: str) -> None:
    site = OurCdn()
    site.api_answer = a_failure(503)
    answer = site.request(target, method)
    assert (answer.status, answer.body) == (503, b'{"title": "Busy"}')


def test_the_api_gets_key_prefix_and_visitors_address_but_no_cookie_or_forged_header() -> None:
    site = OurCdn()
    forged: dict[str, Any] = {
        "X_Origin_Verify": "x",
        "X_Forwarded_Prefix": "/evil",
        "X_Forwarded_For": "6.6.6.6",
    }
    forwarded = {"Authorization": "Bearer x", "OSDI_API_Token": "y", "If_Match": '"3"', "Accept": "text/csv"}
    site.request(
        f"{PETITION_PATH}/signatures", "POST", Cookie="a=b", X_HTTP_Method_Override="DELETE", **forged, **forwarded
    )
    [request] = site.api_requests
    assert request.target == f"/site{PETITION_PATH}/signatures"
    assert (request.headers["X-Origin-Verify"], request.headers["X-Forwarded-Prefix"]) == ("hush", "/")
    assert request.headers["X-Forwarded-For"] == "6.6.6.6, 192.0.2.7"
    for name, value in with_dashes(forwarded).items():
        assert request.headers[name] == value
    assert not {"Cookie", "X-HTTP-Method-Override"} & {*request.headers}
