"""The local CDN with a small template. A test sets the origins' answers and the time."""

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from multidict import CIMultiDict

from stack.edge.distribution import EdgeOrigin
from stack.edge.engine import Edge
from stack.edge.message import EdgeAnswer, OriginRequest, Unreachable, ViewerRequest
from stack.edge.template import distributions
from stack.judge.model import Where

Result = TypeVar("Result")
REGION_AND_ACCOUNT = Where("eu-west-2", "123456789012")
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
ORIGIN_KEY = "{{resolve:secretsmanager:${OriginKeys}:SecretString:${OriginKey}}}"
READ_METHODS = ["GET", "HEAD"]
READ_AND_OPTIONS = [*READ_METHODS, "OPTIONS"]
ALL_METHODS = [*READ_AND_OPTIONS, "PUT", "PATCH", "POST", "DELETE"]
NO_HEADERS_OR_COOKIES = {"HeadersConfig": {"HeaderBehavior": "none"}, "CookiesConfig": {"CookieBehavior": "none"}}


def allow_list(kind: str, *names: str) -> dict[str, Any]:
    """Return the part of a policy that lists headers, cookies or query strings."""
    return {f"{kind}sConfig": {f"{kind}Behavior": "whitelist", f"{kind}s": [*names]}}


def cache_policy(min_ttl: int = 0, default_ttl: int = 0, max_ttl: int = 86400, **key_parameters: Any) -> dict[str, Any]:
    parameters = {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        **NO_HEADERS_OR_COOKIES,
        **allow_list("QueryString", "lang", "source"),
        **key_parameters,
    }
    ttls = {"Name": "pages", "MinTTL": min_ttl, "DefaultTTL": default_ttl, "MaxTTL": max_ttl}
    return {"CachePolicyConfig": {**ttls, "ParametersInCacheKeyAndForwardedToOrigin": parameters}}


def origin_request_policy(**properties: Any) -> dict[str, Any]:
    queries = {"QueryStringsConfig": {"QueryStringBehavior": "none"}}
    return {"OriginRequestPolicyConfig": {"Name": "sent", **NO_HEADERS_OR_COOKIES, **queries, **properties}}


def behaviour(pattern: str, **properties: Any) -> dict[str, Any]:
    defaults = {
        "PathPattern": pattern,
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": READ_METHODS,
        "CachedMethods": READ_METHODS,
        "Compress": True,
        "CachePolicyId": {"Ref": "Pages"},
    }
    return {**defaults, **properties}


DEFAULT_BEHAVIOUR = {
    "TargetOriginId": "api",
    "ViewerProtocolPolicy": "redirect-to-https",
    "AllowedMethods": ALL_METHODS,
    "CachePolicyId": CACHING_DISABLED,
    "OriginRequestPolicyId": ALL_VIEWER_EXCEPT_HOST_HEADER,
}
API_ORIGIN = {
    "Id": "api",
    "DomainName": {"Fn::Sub": "${RestAPI}.execute-api.${AWS::Region}.amazonaws.com"},
    "OriginPath": "/site",
    "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
    "OriginCustomHeaders": [
        {"HeaderName": "X-Forwarded-Prefix", "HeaderValue": "/"},
        {"HeaderName": "X-Origin-Verify", "HeaderValue": {"Fn::Sub": ORIGIN_KEY}},
    ],
}
BUSY_ORIGIN = {"Id": "busy", "DomainName": {"Fn::GetAtt": ["BusyPages", "RegionalDomainName"]}, "S3OriginConfig": {}}


def template(*behaviours: dict[str, Any], pages_policy: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    """Return a template with a distribution: its behaviours, and further properties of its DistributionConfig."""
    origins = {"Origins": [API_ORIGIN, BUSY_ORIGIN]}
    defaults = {"Enabled": True, **origins, "DefaultCacheBehavior": DEFAULT_BEHAVIOUR, "CacheBehaviors": [*behaviours]}
    return {
        "Parameters": {"OriginKey": {"Type": "String", "Default": "v1"}},
        "Resources": {
            "RestAPI": {"Type": "AWS::Serverless::Api"},
            "OriginKeys": {"Type": "AWS::SecretsManager::Secret"},
            "BusyPages": {"Type": "AWS::S3::Bucket"},
            "Pages": {"Type": "AWS::CloudFront::CachePolicy", "Properties": pages_policy or cache_policy()},
            "Cookies": {
                "Type": "AWS::CloudFront::OriginRequestPolicy",
                "Properties": origin_request_policy(**allow_list("Cookie", "session")),
            },
            "Viewer": {
                "Type": "AWS::CloudFront::OriginRequestPolicy",
                "Properties": origin_request_policy(
                    **allow_list("Header", "CloudFront-Viewer-Address", "Content-Type")
                ),
            },
            "Edge": {
                "Type": "AWS::CloudFront::Distribution",
                "Properties": {"DistributionConfig": {**defaults, **config}},
            },
        },
    }


def result_of(work: Coroutine[Any, Any, Result]) -> Result:
    """Run in a new thread: browser tests that ran before leave a running event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class CdnSite:
    """The CDN. `origin_answers`: the answers by path or "id:path". `origin_requests`: each with its origin's id."""

    def __init__(self, *behaviours: dict[str, Any], **config: Any) -> None:
        self.now = 1_000_000.0
        self.origin_answers: dict[str, EdgeAnswer | Unreachable] = {}
        self.origin_requests: list[tuple[str, OriginRequest]] = []
        self.gate: asyncio.Event | None = None
        behaviours = behaviours or (behaviour("/*"),)
        source = template(*behaviours, **config)
        found = distributions(source, {}, REGION_AND_ACCOUNT, {"OriginKeys": '{"v1": "hush"}'})
        self.edge = Edge(found["Edge"], self._fetch, lambda: self.now)

    async def _fetch(self, origin: EdgeOrigin, request: OriginRequest) -> EdgeAnswer:
        self.origin_requests.append((origin.name, request))
        if self.gate:
            await self.gate.wait()
        path = request.target.partition("?")[0].removeprefix("/site")
        answers = self.origin_answers
        answer = answers.get(f"{origin.name}:{path}") or answers.get(path) or an_answer("nothing", 404)
        if isinstance(answer, Unreachable):
            raise answer
        return answer

    def request(self, target: str = "/", method: str = "GET", body: bytes = b"", /, **headers: str) -> EdgeAnswer:
        return result_of(self._answer_of(target, method, body, headers))

    async def _answer_of(self, target: str, method: str, body: bytes, headers: dict[str, str]) -> EdgeAnswer:
        answer = await self.edge.answer(a_request(target, method, body, **headers))
        await let_tasks_run()
        return answer

    def request_together(self, *requests: ViewerRequest) -> list[EdgeAnswer]:
        """Send the requests at once. The origins answer only after all requests have been sent."""

        async def answers() -> list[EdgeAnswer]:
            self.gate = asyncio.Event()
            sent = [asyncio.ensure_future(self.edge.answer(each)) for each in requests]
            await let_tasks_run()
            self.gate.set()
            return await asyncio.gather(*sent)

        return result_of(answers())

    def last_origin_request(self) -> OriginRequest:
        return self.origin_requests[-1][1]


def a_request(target: str = "/", method: str = "GET", body: bytes = b"", /, **headers: str) -> ViewerRequest:
    path, _, query = target.partition("?")
    return ViewerRequest(method, path, query, CIMultiDict(with_dashes(headers)), body, "192.0.2.7", 4711)


def an_answer(body: str = "page", status: int = 200, /, **headers: str) -> EdgeAnswer:
    fields = CIMultiDict({"Content-Type": "text/html; charset=utf-8"})
    fields.update(with_dashes(headers))
    return EdgeAnswer(status, fields, body.encode())


def with_dashes(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers from keyword arguments with their real names: Cache-Control for Cache_Control."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def let_tasks_run() -> None:
    """Let started tasks run, for example a refresh after a stale answer."""
    for _ in range(20):
        await asyncio.sleep(0)
