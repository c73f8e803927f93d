"""Read the parts of a request, and make responses with security headers.

Also where a request comes from: the visitor's address, the page that sent it, and the prefix of our paths. A CDN sends
address and prefix in headers. Anybody can send such headers, so use them only if the request has the CDN's key.
"""

import json
import re
from collections.abc import Collection, Mapping
from hashlib import sha256
from hmac import compare_digest
from socket import AF_INET, AF_INET6, inet_pton
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from chalice.app import Request, Response

from chalicelib.core.errors import BodyTooLarge, FieldError, Invalid, NotJson, PreconditionRequired, Stale, WrongType
from chalicelib.core.language import ENGLISH, language_of, languages
from chalicelib.core.settings import settings
from chalicelib.edge.problems import Problem

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer

KEY_HEADER = "x-origin-verify"
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._-]+)*/?")
MAX_BODY_BYTES = 16 * 1024
MAX_FORM_FIELDS = 50
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PROBLEM = "application/problem+json"
NO_STORE = {"Cache-Control": "no-store"}
# At an address with cached answers: even while this site fails, the CDN must not serve one in place of this one.
NEVER_STALE = {"Cache-Control": "no-store, stale-if-error=0"}
REVALIDATED = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept"}
SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
PROBLEM_HEADERS = {"Content-Type": PROBLEM, **NO_STORE}


def cache_headers(seconds: int) -> dict[str, str]:
    """Return headers for a public response: a CDN may cache it, and serve it for a day while this site fails.

    While it refreshes an expired copy, it may serve that for a fifth of `seconds` (docs/decisions/047).
    """
    grace = seconds // 5
    return {"Cache-Control": f"public, max-age={seconds}, stale-while-revalidate={grace}, stale-if-error=86400"}


def problem_json(problem: Problem, language: str = ENGLISH) -> "Answer[Any]":
    if language != ENGLISH:
        problem = problem.translated(language_of(language))
    return answer(problem.body(), problem.status, {**PROBLEM_HEADERS, **retry_after_header(problem)})


def retry_after_header(problem: Problem) -> dict[str, str]:
    return {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] = NO_STORE) -> "Answer[Any]":
    return answer(body, status, {"Content-Type": JSON, **headers})


def answer(body: object, status: int, headers: Mapping[str, str]) -> "Answer[Any]":
    response: Any = Response(body=body, status_code=status, headers={**SECURITY_HEADERS, **headers})
    return response  # type: ignore[no-any-return]


def redirect(request: Request, path: str, status: int) -> "Answer[Any]":
    query_text = urlencode(dict(request.query_params or {}))
    encoded_path = quote(unquote(path))  # If the path is already encoded, do not encode it twice.
    location = path_prefix(request) + encoded_path
    if query_text:
        location += f"?{query_text}"
    return answer("", status, {"Location": location, **NO_STORE})


def not_modified(headers: Mapping[str, str]) -> "Answer[Any]":
    return answer("", 304, headers)


def conditional_answer(request: Request, values: object, response: "Answer[Any]") -> "Answer[Any]":
    """Return the response with an ETag and the headers REVALIDATED, or 304 if the client already has this ETag.

    The ETag is a hash of `values`, the data that should change it, and of the request's query: a script may keep one
    ETag for several queries.
    """
    parameters = dict(request.query_params or {})
    query_and_values = json.dumps([parameters, values], sort_keys=True)
    digest = sha256(query_and_values.encode()).hexdigest()
    # Weak (W/): answers may differ in what `values` leaves out, such as the time of a count. A 304 names the type of
    # its 200, or API Gateway may add application/json, which a cache may use for the stored 200 (docs/aws-facts.md).
    media_type = str(response.headers["Content-Type"])
    headers = {**REVALIDATED, "ETag": f'W/"{digest[:16]}"', "Content-Type": media_type}
    if client_matches(request, headers["ETag"]):
        return not_modified(headers)
    response.headers.update(headers)
    return response


def content_type(request: Request) -> str:
    """Return the media type of the body, in lower case and without parameters; "" if the request names none."""
    value: Any = request.headers.get("content-type") or ""
    media_type = str(value).partition(";")[0]
    return media_type.strip().lower()


def json_body(request: Request, *, max_bytes: int = MAX_BODY_BYTES, media_types: Collection[str] = (JSON, "")) -> str:
    """Return the body as text. By default, a request that names no type ("") is read as JSON too.

    Raise WrongType, BodyTooLarge or, if the body is not UTF-8, NotJson.
    """
    if content_type(request) not in media_types:
        raise WrongType(JSON)
    try:
        # Some programs put a byte order mark before the text (RFC 8259, 8.1).
        return raw_body(request, max_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotJson from error


def form_fields(request: Request) -> dict[str, str]:
    """Return the fields; of a repeated one, the last. Raise WrongType, BodyTooLarge or, for too many, Invalid."""
    if content_type(request) != FORM:
        raise WrongType(FORM)
    body = raw_body(request).decode(errors="replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS))
    except ValueError as error:
        raise Invalid([FieldError("body", "There are too many fields")]) from error


def link_fields(request: Request) -> dict[str, str]:
    """Return the token in the URL of an emailed link, and the form's fields, if any. Raise as form_fields."""
    token = query(request, "token")
    in_url = {"token": token} if token else {}
    if token and not raw_body(request):
        return in_url
    return {**in_url, **form_fields(request)}


def query(request: Request, name: str) -> str | None:
    value: str | None = request.query_params.get(name) if request.query_params else None
    return value


def chosen_language(request: Request) -> str:
    """Return the language code in `?lang=`; "" if there is none that the site has."""
    code = query(request, "lang")
    return code if code and code in languages() else ""


def client_matches(request: Request, etag: str) -> bool:
    """Return whether If-None-Match has this ETag. Ignore W/ (a weak ETag): proxies add it (RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match") or ""
    client_tags = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in client_tags or etag.removeprefix("W/") in client_tags


def require_current_revision(request: Request, etag: str) -> None:
    """Reject an edit of an old revision (RFC 9110, 13.1.1). `etag` is that of the current revision.

    Raise Stale for another If-Match, and PreconditionRequired without one.
    """
    header = request.headers.get("if-match")
    if not header:
        raise PreconditionRequired
    client_tags = [part.strip() for part in header.split(",")]
    if "*" not in client_tags and etag not in client_tags:
        raise Stale


def known_parameters(request: Request, known: Collection[str]) -> dict[str, str]:
    """Return the parameters of the query. Raise Invalid if one is unknown, such as dry-run for dry_run."""
    parameters: dict[str, str] = dict(request.query_params or {})
    unknown = [name for name in parameters if name not in known]
    if unknown:
        message = f"There is no such parameter. Use only these: {', '.join(known)}"
        raise Invalid([FieldError(name, message) for name in unknown])
    return parameters


def is_dry_run(parameters: Mapping[str, str]) -> bool:
    """Raise Invalid if it is unclear: without it, much is changed."""
    value = parameters.get("dry_run", "false").lower()
    if value not in ("0", "false", "no", "1", "true", "yes"):
        raise Invalid([FieldError("dry_run", "Use true or false")])
    return value in ("1", "true", "yes")


def raw_body(request: Request, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return the body as sent. Raise BodyTooLarge."""
    raw: str | bytes = request.raw_body
    # Half of a surrogate pair is no error here: the callers' decoding refuses or replaces it.
    body = raw.encode(errors="surrogatepass") if isinstance(raw, str) else raw
    if len(body) > max_bytes:
        raise BodyTooLarge(max_bytes // 1024)
    return body


def source_ip(request: Request) -> str:
    """Return the visitor's IP address: as the CDN says, else as API Gateway sees it; "" if neither names one."""
    from_cdn = _address_from_cdn(request) if is_through_cdn(request) else ""
    if from_cdn:
        return from_cdn
    identity = request.context.get("identity") or {}
    return str(identity.get("sourceIp") or "")


def is_from_own_page(request: Request) -> bool | None:
    """Return whether a page of this site sent the request. None: the browser does not say, or it is no browser.

    No page of another site can set these headers in a browser (MDN, "Forbidden request header"). A program can send
    anything. "null" and "none" say nothing: our pages send no referrer, so their forms have the origin "null". So has
    the form of any other page that sends none.
    """
    relation = _header(request, "sec-fetch-site")
    if relation not in ("", "none"):
        return relation == "same-origin"
    origin = _header(request, "origin")  # Older browsers send only this, at least with a script's request.
    if origin in ("", "null"):
        return None
    site = urlsplit(settings().site_url)
    return origin == f"{site.scheme}://{site.netloc}"


def path_prefix(request: Request) -> str:
    """Return the prefix of our paths: "/site" (the stage) on API Gateway's own host, elsewhere usually "".

    A CDN sends the prefix in a header, or "/" if there is no prefix. Without a CDN, it is the part of
    requestContext.path before the route.
    """
    prefix = request.headers.get("x-forwarded-prefix")
    is_prefix = prefix is not None and _PREFIX.fullmatch(prefix) is not None
    if is_prefix and is_through_cdn(request):
        return str(prefix).rstrip("/")
    parts = _parts(request.context.get("path", ""))
    prefix_length = len(parts) - len(_parts(request.path))
    return "".join(f"/{part}" for part in parts[:prefix_length])


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def is_through_cdn(request: Request) -> bool:
    """Return whether the request has a key that only the CDN knows."""
    sent_key = _header(request, KEY_HEADER).encode()
    cdn_keys = settings().origin_keys.values()
    return any(compare_digest(sent_key, key.encode()) for key in cdn_keys)


def _address_from_cdn(request: Request) -> str:
    """Return the visitor's address, which is the second from the end of X-Forwarded-For; "" if there is none.

    The CDN adds the visitor's address at the end, and API Gateway then adds the CDN's address. Visitors can forge all
    earlier addresses. Do not use the header CloudFront-Viewer-Address: CloudFront sets it only if a policy lists it.
    Without such a policy, perhaps visitors can forge it (docs/aws-facts.md).
    """
    forwarded = _header(request, "x-forwarded-for").split(",")
    last_but_one = forwarded[-2].strip() if len(forwarded) > 1 else ""
    return last_but_one if _is_address(last_but_one) else ""


def _header(request: Request, name: str) -> str:
    return str(request.headers.get(name) or "")


def _is_address(text: str) -> bool:
    for family in (AF_INET, AF_INET6):
        try:
            inet_pton(family, text)
        except (OSError, ValueError):
            continue
        return True
    return False


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
