"""A small distribution as a template writes it, an origin that says what a test tells it, and a clock that it moves."""

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from multidict import CIMultiDict

from stack.edge.distribution import Distribution, EdgeOrigin
from stack.edge.engine import Edge
from stack.edge.message import EdgeAnswer, OriginRequest, Unreachable, ViewerRequest
from stack.edge.template import distributions
from stack.referee.model import Where

Result = TypeVar("Result")
HERE = Where("eu-west-2", "123456789012")
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
KEY = "{{resolve:secretsmanager:${OriginKeys}:SecretString:${OriginKey}}}"
READ, ASK, ALL = ["GET", "HEAD"], ["GET", "HEAD", "OPTIONS"], [
    *("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"),
]  # fmt: skip
NONE = {"HeadersConfig": {"HeaderBehavior": "none"}, "CookiesConfig": {"CookieBehavior": "none"}}
SECONDS = {"Cache-Control": "max-age=5, stale-while-revalidate=30, stale-if-error=60"}


def named(kind: str, *names: str) -> dict[str, Any]:
    return {f"{kind}sConfig": {f"{kind}Behavior": "whitelist", f"{kind}s": [*names]}}


def cache_policy(least: int = 0, usual: int = 0, most: int = 86400, **keyed: Any) -> dict[str, Any]:
    parameters = {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        **NONE,
        **named("QueryString", "lang", "source"),
        **keyed,
    }
    ttls = {"Name": "pages", "MinTTL": least, "DefaultTTL": usual, "MaxTTL": most}
    return {"CachePolicyConfig": {**ttls, "ParametersInCacheKeyAndForwardedToOrigin": parameters}}


def request_policy(**what: Any) -> dict[str, Any]:
    queries = {"QueryStringsConfig": {"QueryStringBehavior": "none"}}
    return {"OriginRequestPolicyConfig": {"Name": "sent", **NONE, **queries, **what}}


def behaviour(pattern: str, **what: Any) -> dict[str, Any]:
    usual = {
        "PathPattern": pattern,
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": READ,
        "CachedMethods": READ,
        "Compress": True,
        "CachePolicyId": {"Ref": "Pages"},
    }
    return {**usual, **what}


DEFAULT = {
    "TargetOriginId": "api",
    "ViewerProtocolPolicy": "redirect-to-https",
    "AllowedMethods": ALL,
    "CachePolicyId": DISABLED,
    "OriginRequestPolicyId": ALL_BUT_HOST,
}
API = {
    "Id": "api",
    "DomainName": {"Fn::Sub": "${RestAPI}.execute-api.${AWS::Region}.amazonaws.com"},
    "OriginPath": "/site",
    "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
    "OriginCustomHeaders": [
        {"HeaderName": "X-Forwarded-Prefix", "HeaderValue": "/"},
        {"HeaderName": "X-Origin-Verify", "HeaderValue": {"Fn::Sub": KEY}},
    ],
}
BUSY = {"Id": "busy", "DomainName": {"Fn::GetAtt": ["BusyPages", "RegionalDomainName"]}, "S3OriginConfig": {}}


def template(*behaviours: dict[str, Any], pages: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    """Return a template with a distribution: its behaviours, and further properties of its DistributionConfig."""
    whole = {"Enabled": True, "Origins": [API, BUSY], "DefaultCacheBehavior": DEFAULT, "CacheBehaviors": [*behaviours]}
    return {
        "Parameters": {"OriginKey": {"Type": "String", "Default": "v1"}},
        "Resources": {
            "RestAPI": {"Type": "AWS::Serverless::Api"},
            "OriginKeys": {"Type": "AWS::SecretsManager::Secret"},
            "BusyPages": {"Type": "AWS::S3::Bucket"},
            "Pages": {"Type": "AWS::CloudFront::CachePolicy", "Properties": pages or cache_policy()},
            "Cookies": {
                "Type": "AWS::CloudFront::OriginRequestPolicy",
                "Properties": request_policy(**named("Cookie", "session")),
            },
            "Viewer": {
                "Type": "AWS::CloudFront::OriginRequestPolicy",
                "Properties": request_policy(**named("Header", "CloudFront-Viewer-Address", "Content-Type")),
            },
            "Edge": {
                "Type": "AWS::CloudFront::Distribution",
                "Properties": {"DistributionConfig": {**whole, **config}},
            },
        },
    }


def read(of: Mapping[str, Any]) -> Distribution:
    return distributions(of, {}, HERE, {"OriginKeys": '{"v1": "hush"}'})["Edge"]


def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """Return its result. In a thread of its own: Playwright keeps a loop running where browser tests came before."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Site:
    """The CDN with one origin. `says`: the origin's answers by path; `asked`: what it was asked, and under which id."""

    def __init__(self, *behaviours: dict[str, Any], **more: Any) -> None:
        self.now = 1_000_000.0
        self.says: dict[str, EdgeAnswer | Unreachable] = {}
        self.asked: list[tuple[str, OriginRequest]] = []
        self.gate: asyncio.Event | None = None
        self.edge = Edge(read(template(*(behaviours or (behaviour("/*"),)), **more)), self._fetch, lambda: self.now)

    async def _fetch(self, origin: EdgeOrigin, request: OriginRequest) -> EdgeAnswer:
        self.asked.append((origin.name, request))
        if self.gate:
            await self.gate.wait()
        path = request.target.partition("?")[0].removeprefix("/site")
        answer = self.says.get(f"{origin.name}:{path}") or self.says.get(path) or an_answer("nothing", 404)
        if isinstance(answer, Unreachable):
            raise answer
        return answer

    def get(self, target: str = "/", method: str = "GET", body: bytes = b"", /, **headers: str) -> EdgeAnswer:
        return finished(self._one(target, method, body, headers))

    async def _one(self, target: str, method: str, body: bytes, headers: dict[str, str]) -> EdgeAnswer:
        answer = await self.edge.answer(a_request(target, method, body, **headers))
        await settled()
        return answer

    def together(self, *requests: ViewerRequest) -> list[EdgeAnswer]:
        """Send requests at once; the origin answers when all have arrived."""

        async def all_of_them() -> list[EdgeAnswer]:
            self.gate = asyncio.Event()
            sent = [asyncio.ensure_future(self.edge.answer(each)) for each in requests]
            await settled()
            self.gate.set()
            return await asyncio.gather(*sent)

        return finished(all_of_them())

    def last(self) -> OriginRequest:
        return self.asked[-1][1]


def a_request(target: str = "/", method: str = "GET", body: bytes = b"", /, **headers: str) -> ViewerRequest:
    path, _, query = target.partition("?")
    spelt = CIMultiDict((name.replace("_", "-"), value) for name, value in headers.items())
    return ViewerRequest(method, path, query, spelt, body, "192.0.2.7", 4711)


def an_answer(body: str = "page", status: int = 200, /, **headers: str) -> EdgeAnswer:
    spelt = CIMultiDict({"Content-Type": "text/html; charset=utf-8"})
    spelt.update({name.replace("_", "-"): value for name, value in headers.items()})
    return EdgeAnswer(status, spelt, body.encode())


async def settled() -> None:
    """Let refreshes behind an answer run."""
    for _ in range(20):
        await asyncio.sleep(0)
