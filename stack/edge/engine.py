"""The local CDN. It answers a viewer's request from its cache or from an origin, as CloudFront's documentation says.

The caller of `Edge` passes in two functions: one sends a request to an origin, the other returns the time. Titles in
quotes are from the CloudFront Developer Guide.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NamedTuple

from stack.edge.answering import error_page, for_cache, for_viewer
from stack.edge.cache import CachedAnswer, EdgeCache
from stack.edge.distribution import Behaviour, Distribution, EdgeOrigin, OriginGroup
from stack.edge.forwarding import Key, key_of, origin_request_of
from stack.edge.freshness import Lifetime, error_lifetime, lifetime, may_be_shared
from stack.edge.matching import Matcher
from stack.edge.message import EdgeAnswer, OriginRequest, Unreachable, ViewerRequest

Fetch = Callable[[EdgeOrigin, OriginRequest], Awaitable[EdgeAnswer]]
"""Sends a request to an origin and returns the answer. Raises Unreachable if no answer comes."""

_HIT, _MISS, _REFRESHED, _ERROR = "Hit", "Miss", "RefreshHit", "Error"
# The headers of a cached answer that a 304 of the origin replaces. The cached ETag stays, because the CDN made it weak
# if it compressed the answer.
_RENEWED_HEADERS = ("cache-control", "date", "expires", "last-modified")


class _Loaded(NamedTuple):
    """An answer for viewers, and the value of X-Cache. `stored_at`: as in CachedAnswer.

    `serves_waiting_viewers`: viewers who sent this request during the load get the answer too.
    """

    answer: EdgeAnswer
    x_cache: str
    serves_waiting_viewers: bool
    stored_at: float


class Edge:
    """One edge location: a place of the CDN, with a cache of its own. `clock` returns the time in seconds."""

    def __init__(self, distribution: Distribution, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._distribution, self._fetch, self._clock = distribution, fetch, clock
        self._behaviour_of = Matcher(distribution).behaviour_of
        self._cache = EdgeCache()
        self._running_loads: dict[Key, asyncio.Task[_Loaded]] = {}

    async def answer(self, request: ViewerRequest) -> EdgeAnswer:
        """Answer a viewer. Refuse a method that the behaviour does not allow, and a GET or HEAD with a body."""
        behaviour = self._behaviour_of(request.path)
        has_wrong_body = request.is_get_or_head and request.body
        if has_wrong_body or request.method not in behaviour.allowed_methods:
            refusal = error_page(403, "This request is not allowed here.")
            return for_viewer(refusal, request, behaviour, _ERROR, age=0)
        loaded = await self._from_cache_or_origin(request, behaviour)
        age = int(self._clock() - loaded.stored_at)
        return for_viewer(loaded.answer, request, behaviour, loaded.x_cache, age)

    async def _from_cache_or_origin(self, request: ViewerRequest, behaviour: Behaviour) -> _Loaded:
        """Return the cached answer if it is fresh, or may be served while a task refreshes it. Else ask the origin."""
        if not behaviour.may_cache(request.method):
            return await self._load(key=None, request=request, behaviour=behaviour, cached=None)
        key = key_of(request, behaviour.cache)
        now = self._clock()
        cached = self._cache.get(key, now)
        if cached and cached.needs_no_origin(now):
            return _as_loaded(cached)
        if cached and cached.may_be_served_while_refreshing(now):
            if key not in self._running_loads:
                self._start_load(key, request, behaviour, cached)
            return _as_loaded(cached)
        return await self._load_once(key, request, behaviour, cached)

    async def _load_once(
        self, key: Key, request: ViewerRequest, behaviour: Behaviour, cached: CachedAnswer | None
    ) -> _Loaded:
        """Send one request to the origin for all viewers who send the same request at the same time.

        If cookies are forwarded, or if the answer may not be shared, send one request for each viewer instead.
        """
        running_load = self._running_loads.get(key)
        if running_load is None:
            return await asyncio.shield(self._start_load(key, request, behaviour, cached))
        if not behaviour.forwards_cookies:
            loaded = await asyncio.shield(running_load)
            if loaded.serves_waiting_viewers:
                return loaded
        return await self._load(key, request, behaviour, cached)

    def _start_load(
        self, key: Key, request: ViewerRequest, behaviour: Behaviour, cached: CachedAnswer | None
    ) -> asyncio.Task[_Loaded]:
        """Start to load the answer in a task, which goes on even if the viewer disconnects."""
        task = asyncio.ensure_future(self._load(key, request, behaviour, cached))
        self._running_loads[key] = task
        task.add_done_callback(lambda _: self._running_loads.pop(key, None))
        return task

    async def _load(
        self, key: Key | None, request: ViewerRequest, behaviour: Behaviour, cached: CachedAnswer | None
    ) -> _Loaded:
        """Ask the origin, and cache its answer under the key, if there is a key.

        `cached`: the stale answer. Return it if it is unchanged, or may be served after a failure of the origin.
        """
        origin_request = origin_request_of(request, behaviour)
        # "Cache content based on cookies": CloudFront sends no conditional requests if it forwards cookies.
        if cached and not behaviour.forwards_cookies:
            origin_request = origin_request.with_headers(cached.validators())
        is_unreachable = False
        try:
            answer = await self._from_origin(origin_request, behaviour)
        except Unreachable as error:
            answer = error_page(error.status, "The origin cannot be reached.")
            is_unreachable = True
        now = self._clock()
        if cached and answer.status == 304:
            return self._renewed(key, cached, answer, behaviour, now)
        if cached and answer.has_failed and cached.may_be_served_after_failure(now, is_unreachable=is_unreachable):
            cached.no_retry_until = now + self._distribution.error_rule(answer.status).ttl
            return _as_loaded(cached)
        return await self._store(key, request, behaviour, for_cache(answer, origin_request, behaviour), now)

    def _renewed(
        self, key: Key | None, cached: CachedAnswer, not_modified: EdgeAnswer, behaviour: Behaviour, now: float
    ) -> _Loaded:
        """Cache the old answer again, with the newer headers of the origin's 304."""
        newer = {name: value for name, value in not_modified.headers.items() if name.lower() in _RENEWED_HEADERS}
        answer = cached.answer.with_headers(newer)
        assert key is not None, "an answer was cached without a key"
        self._cache.put(key, answer, now, lifetime(answer, behaviour.cache))
        return _Loaded(answer, _REFRESHED, may_be_shared(answer, behaviour.cache), stored_at=now)

    async def _store(
        self, key: Key | None, request: ViewerRequest, behaviour: Behaviour, loaded: EdgeAnswer, now: float
    ) -> _Loaded:
        """Cache the loaded answer under the key, if there is a key. For an error with an error page, cache the page."""
        if loaded.is_error:
            cached_seconds = error_lifetime(loaded, self._distribution.error_rule(loaded.status))
            life = Lifetime(fresh=cached_seconds)
            serves_waiting_viewers = cached_seconds > 0
            answer = await self._with_error_page(loaded, request)
        else:
            life = lifetime(loaded, behaviour.cache)
            serves_waiting_viewers = may_be_shared(loaded, behaviour.cache)
            answer = loaded
        if key is not None:
            self._cache.put(key, answer, now, life)
        x_cache = _ERROR if answer.is_error else _MISS  # The status of an error page may be 200.
        return _Loaded(answer, x_cache, serves_waiting_viewers, stored_at=now)

    async def _with_error_page(self, answer: EdgeAnswer, request: ViewerRequest) -> EdgeAnswer:
        """Return the distribution's page for this error. If no page can be loaded, return the answer itself."""
        rule = self._distribution.error_rule(answer.status)
        if rule.page is None or rule.page == request.path:  # No page is set, or the page itself failed.
            return answer
        headers = request.headers.copy()
        for name in ("If-None-Match", "If-Modified-Since", "Range"):  # So that the whole page is loaded.
            headers.popall(name, None)
        page_request = ViewerRequest("GET", rule.page, headers=headers, address=request.address, port=request.port)
        loaded = await self._from_cache_or_origin(page_request, self._behaviour_of(rule.page))
        page = loaded.answer
        if page.status != 200:
            return answer
        return replace(page, status=rule.status or answer.status)

    async def _from_origin(self, origin_request: OriginRequest, behaviour: Behaviour) -> EdgeAnswer:
        """Ask the origin or the origin group. Only GET, HEAD and OPTIONS may go to the second origin of a group."""
        group = self._distribution.groups.get(behaviour.origin)
        if group is None:
            return await self._ask(behaviour.origin, origin_request)
        if origin_request.method not in ("GET", "HEAD", "OPTIONS"):
            return await self._ask(group.first, origin_request)
        return await self._from_group(group, origin_request)

    async def _from_group(self, group: OriginGroup, origin_request: OriginRequest) -> EdgeAnswer:
        """Ask the first origin. If it fails, ask the second one for the same path ("Optimize high availability")."""
        try:
            answer = await self._ask(group.first, origin_request)
        except Unreachable as error:
            # A failed connection is 502 here, but 503 in a group's statuses. A timeout is 504 in both.
            failure_status = 503 if error.status == 502 else 504
            if failure_status not in group.statuses:
                raise
        else:
            if answer.status not in group.statuses:
                return answer
        return await self._ask(group.second, origin_request)

    async def _ask(self, origin_id: str, origin_request: OriginRequest) -> EdgeAnswer:
        origin = self._distribution.origins[origin_id]
        request = origin_request.with_headers(origin.added_headers)
        return await self._fetch(origin, replace(request, target=origin.path + request.target))


def _as_loaded(cached: CachedAnswer) -> _Loaded:
    x_cache = _ERROR if cached.answer.is_error else _HIT
    return _Loaded(cached.answer, x_cache, serves_waiting_viewers=True, stored_at=cached.stored_at)
