"""The local CDN: answers a viewer's request from its cache or from an origin, as CloudFront documents it.

It opens no sockets and reads no clock: its caller passes in both.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NamedTuple

from stack.edge.answering import own, prepared, shown
from stack.edge.cache import CachedAnswer, EdgeCache
from stack.edge.distribution import Behaviour, Distribution, EdgeOrigin, OriginGroup
from stack.edge.forwarding import Key, forwarded, key_of
from stack.edge.freshness import Lifetime, error_lifetime, lifetime, may_be_shared
from stack.edge.matching import Matcher
from stack.edge.message import EdgeAnswer, OriginRequest, Unreachable, ViewerRequest

Fetch = Callable[[EdgeOrigin, OriginRequest], Awaitable[EdgeAnswer]]
"""Asks an origin. Raises Unreachable."""

_HIT, _MISS, _REFRESHED, _ERROR = "Hit", "Miss", "RefreshHit", "Error"
# What a 304 of the origin changes in the copy. Not the ETag: that of a compressed copy is weak.
_RENEWED = ("cache-control", "date", "expires", "last-modified")


class _Loaded(NamedTuple):
    """An answer for viewers. `is_shared`: viewers who asked for the same meanwhile get it too."""

    answer: EdgeAnswer
    word: str
    is_shared: bool
    stored: float


class Edge:
    """One edge location. `clock` returns seconds; `fetch` asks an origin."""

    def __init__(self, distribution: Distribution, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._distribution, self._fetch, self._clock = distribution, fetch, clock
        self._behaviour_of = Matcher(distribution).behaviour_of
        self._cache = EdgeCache()
        self._flights: dict[Key, asyncio.Task[_Loaded]] = {}

    async def answer(self, request: ViewerRequest) -> EdgeAnswer:
        behaviour = self._behaviour_of(request.path)
        if request.method not in behaviour.allowed or (request.reads and request.body):
            return shown(own(403, "This request is not allowed here."), request, behaviour, _ERROR, 0)
        if not behaviour.caches(request.method):
            found = await self._load(None, request, behaviour, None)
        else:
            found = await self._from_cache(request, behaviour)
        return shown(found.answer, request, behaviour, found.word, int(self._clock() - found.stored))

    async def _from_cache(self, request: ViewerRequest, behaviour: Behaviour) -> _Loaded:
        key, now = key_of(request, behaviour.cache), self._clock()
        cached = self._cache.get(key, now)
        if cached and cached.is_fresh(now):
            return _from_copy(cached)
        if cached and cached.serves_while_refreshing(now):
            if key not in self._flights:
                self._fly(key, request, behaviour, cached)
            return _from_copy(cached)
        return await self._together(key, request, behaviour, cached)

    async def _together(
        self, key: Key, request: ViewerRequest, behaviour: Behaviour, cached: CachedAnswer | None
    ) -> _Loaded:
        """Send one request to the origin for all viewers who ask meanwhile, unless cookies are forwarded."""
        flight = self._flights.get(key)
        if flight is None:
            return await asyncio.shield(self._fly(key, request, behaviour, cached))
        if not behaviour.forwards_cookies:
            loaded = await asyncio.shield(flight)
            if loaded.is_shared:
                return loaded
        return await self._load(key, request, behaviour, cached)

    def _fly(
        self, key: Key, request: ViewerRequest, behaviour: Behaviour, cached: CachedAnswer | None
    ) -> asyncio.Task[_Loaded]:
        """Start a request to the origin that goes on even if its viewer leaves."""
        task = asyncio.ensure_future(self._load(key, request, behaviour, cached))
        self._flights[key] = task
        task.add_done_callback(lambda _: self._flights.pop(key, None))
        return task

    async def _load(
        self, key: Key | None, request: ViewerRequest, behaviour: Behaviour, cached: CachedAnswer | None
    ) -> _Loaded:
        """Ask the origin, and keep its answer under the key. Without a key nothing is kept."""
        origin_request = forwarded(request, behaviour)
        if cached and not behaviour.forwards_cookies:
            origin_request = origin_request.asking(cached.validators())
        is_unreachable = False
        try:
            answer = await self._from_origin(origin_request, behaviour)
        except Unreachable as error:
            answer, is_unreachable = own(error.status, "The origin cannot be reached."), True
        now = self._clock()
        if cached and answer.status == 304:
            return self._renewed(key, cached, answer, behaviour, now)
        if cached and answer.has_failed and cached.stands_in(now, is_unreachable=is_unreachable):
            cached.rests_until = now + self._distribution.error(answer.status).ttl
            return _from_copy(cached)
        return await self._store(key, request, behaviour, prepared(answer, origin_request, behaviour), now)

    def _renewed(
        self, key: Key | None, cached: CachedAnswer, said: EdgeAnswer, behaviour: Behaviour, now: float
    ) -> _Loaded:
        answer = cached.answer.saying({name: value for name, value in said.headers.items() if name.lower() in _RENEWED})
        if key is not None:
            self._cache.put(key, answer, now, lifetime(answer, behaviour.cache))
        return _Loaded(answer, _REFRESHED, may_be_shared(answer, behaviour.cache), now)

    async def _store(
        self, key: Key | None, request: ViewerRequest, behaviour: Behaviour, answer: EdgeAnswer, now: float
    ) -> _Loaded:
        if answer.is_error:
            rule = self._distribution.error(answer.status)
            life = Lifetime(error_lifetime(answer, rule))
            shared = life.fresh > 0
            answer = await self._with_page(answer, request)
        else:
            life, shared = lifetime(answer, behaviour.cache), may_be_shared(answer, behaviour.cache)
        if key is not None:
            self._cache.put(key, answer, now, life)
        return _Loaded(answer, _ERROR if answer.is_error else _MISS, shared, now)

    async def _with_page(self, answer: EdgeAnswer, request: ViewerRequest) -> EdgeAnswer:
        """Return the page that the distribution has for this error; it is read through the behaviour of its path."""
        rule = self._distribution.error(answer.status)
        if rule.page is None or rule.page == request.path:
            return answer
        page = ViewerRequest("GET", rule.page, address=request.address, port=request.port)
        found = await self._from_page(replace(page, headers=request.headers.copy()))
        return replace(found, status=rule.status or answer.status) if found.status == 200 else answer

    async def _from_page(self, page: ViewerRequest) -> EdgeAnswer:
        for name in ("If-None-Match", "If-Modified-Since", "Range"):
            page.headers.popall(name, None)
        behaviour = self._behaviour_of(page.path)
        if behaviour.caches("GET"):
            return (await self._from_cache(page, behaviour)).answer
        return (await self._load(None, page, behaviour, None)).answer

    async def _from_origin(self, origin_request: OriginRequest, behaviour: Behaviour) -> EdgeAnswer:
        group = self._distribution.groups.get(behaviour.origin)
        if group is None:
            return await self._ask(behaviour.origin, origin_request)
        if origin_request.method not in ("GET", "HEAD", "OPTIONS"):
            return await self._ask(group.first, origin_request)
        return await self._from_group(group, origin_request)

    async def _from_group(self, group: OriginGroup, origin_request: OriginRequest) -> EdgeAnswer:
        """Ask the second origin for the same path if the first fails: "Optimize high availability"."""
        try:
            answer = await self._ask(group.first, origin_request)
        except Unreachable as error:
            # 503 in the criteria stands for a connection that failed, 504 for a timeout.
            if (503 if error.status == 502 else 504) not in group.statuses:
                raise
        else:
            if answer.status not in group.statuses:
                return answer
        return await self._ask(group.second, origin_request)

    async def _ask(self, name: str, origin_request: OriginRequest) -> EdgeAnswer:
        origin = self._distribution.origins[name]
        request = origin_request.asking(origin.adds)
        return await self._fetch(origin, replace(request, target=origin.path + request.target))


def _from_copy(cached: CachedAnswer) -> _Loaded:
    return _Loaded(cached.answer, _ERROR if cached.answer.is_error else _HIT, is_shared=True, stored=cached.stored)
