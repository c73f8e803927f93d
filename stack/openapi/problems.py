"""The answers to requests that fail, as components. Most examples come from the code that answers such requests."""

from typing import Any

from chalicelib.core import errors
from chalicelib.core.errors import BodyTooLarge, FieldError
from chalicelib.edge.answers import ProblemDetails
from chalicelib.edge.http import PROBLEM
from chalicelib.edge.problems import Problem, problem_of
from chalicelib.edge.site import NO_FILE
from chalicelib.partners.form import MAX_BODY_KB
from chalicelib.partners.imports.model import MAX_DIRECT_KB
from chalicelib.partners.osdi.read import HAL
from chalicelib.petitions.form import MAX_PETITION_KB
from stack.openapi.parameters import TEXT
from stack.openapi.schemas import reference

Response = dict[str, Any]
HTML = "text/html"

FIELDS = [
    FieldError("name", "Enter your name"),
    FieldError("consent.sign", "Tick the box to sign the petition"),
]
# API Gateway itself sends these errors (stack/template/api.py), so their examples are written here.
UNAUTHORIZED = Problem(401, "Unauthorized", "A valid staff token is needed.")
FORBIDDEN = Problem(403, "Forbidden", "This token may not do this.")
BUSY = Problem(429, "Too Many Requests", "Too many requests at once. Please try again in a few seconds.", retry_after=5)


def too_large(kb: int) -> str:
    return f"TooLarge{kb}"


def _too_large(kb: int) -> tuple[str, Problem]:
    return f"The body is larger than {kb} KB.", problem_of(BodyTooLarge(kb))


# By name of the component: the description, and the problem in the example. An error that a route declares has the
# component of its name.
PROBLEMS: dict[str, tuple[str, Problem]] = {
    "NotJson": ("The body is not JSON. Nothing was stored.", problem_of(errors.NotJson())),
    "Unauthorized": ("No token, or one that is unknown, expired or revoked.", UNAUTHORIZED),
    "NotSignedIn": (
        "The provider refused the sign-in, or its answer could not be verified.",
        problem_of(errors.NotSignedIn("Sign in again.")),
    ),
    "Forbidden": ("The token is valid but does not have the right that this needs.", FORBIDDEN),
    "UnknownPetition": (
        "There is no petition with this slug, or it is not open yet.",
        problem_of(errors.UnknownPetition()),
    ),
    "UnknownThing": ("There is nothing at this address.", problem_of(errors.UnknownThing("There is no such token."))),
    "NoFile": ("There is no such file.", NO_FILE),
    "NotAStatement": (
        "The statement was not issued by this site, or is incomplete or changed.",
        problem_of(errors.NotAStatement()),
    ),
    "PetitionNotOpen": (
        "The petition cannot be signed now. `state` says why.",
        problem_of(errors.PetitionNotOpen("closed")),
    ),
    "NotNow": (
        "The state does not allow this. `detail` says why.",
        problem_of(errors.NotNow("This export is running: there is no file to download.")),
    ),
    "InvalidTransition": (
        "The petition cannot change to this state from its current one. `state` is the current one.",
        problem_of(errors.InvalidTransition("closed", "paused")),
    ),
    "PetitionRemoved": ("The petition was taken down.", problem_of(errors.PetitionRemoved())),
    "Gone": (
        "It has expired, or was used or withdrawn. `detail` says why.",
        problem_of(errors.Gone("This export has expired and its file was deleted. Request a new one.")),
    ),
    "Stale": ("Someone else changed it in the meantime. Nothing was stored.", problem_of(errors.Stale())),
    "PreconditionRequired": ("If-Match is missing. Nothing was stored.", problem_of(errors.PreconditionRequired())),
    **{too_large(kb): _too_large(kb) for kb in (BodyTooLarge.limit_kb, MAX_DIRECT_KB, MAX_PETITION_KB, MAX_BODY_KB)},
    "WrongType": ("The Content-Type is not supported here.", problem_of(errors.WrongType("application/json"))),
    "Invalid": (
        "Some fields are invalid. `errors` says how to correct each field. Nothing was stored.",
        problem_of(errors.Invalid(FIELDS)),
    ),
    "TooMany": (
        "Too many requests at once. Nothing was stored. Send the request again after `Retry-After` seconds.",
        BUSY,
    ),
    "Unavailable": (
        "We cannot answer now. The request was not accepted. It is safe to send it again after `Retry-After` seconds.",
        problem_of(errors.Unavailable()),
    ),
}
# The errors of routes that answer with a page: the description by name of the component.
PAGES = {
    "LinkDamagedPage": "The link is incomplete or changed. The page says what to do.",
    "UnknownPetitionPage": PROBLEMS["UnknownPetition"][0],
    "NotAStatementPage": PROBLEMS["NotAStatement"][0],
    "PetitionNotOpenPage": "The petition cannot be signed now. The page says why.",
    "PetitionRemovedPage": PROBLEMS["PetitionRemoved"][0],
    "LinkExpiredPage": "The link has expired, or the petition was taken down.",
    f"{too_large(BodyTooLarge.limit_kb)}Page": _too_large(BodyTooLarge.limit_kb)[0],
    "WrongTypePage": "The Content-Type is not `application/x-www-form-urlencoded`.",
    "InvalidPage": "Fields are invalid, or more than 50. A form shows its values and the errors. Nothing was changed.",
    "UnavailablePage": "We cannot answer now. It is safe to try again after `Retry-After` seconds.",
}
PAGES_WITH_RETRY_AFTER = ("UnavailablePage",)
# Each of these may also be a problem instead of a page: API Gateway returns a problem if a body is over its own limit,
# or if a function does not answer.
PAGES_OR_PROBLEMS = (f"{too_large(BodyTooLarge.limit_kb)}Page", *PAGES_WITH_RETRY_AFTER)


def responses() -> dict[str, Response]:
    problems = {name: _problem(description, problem) for name, (description, problem) in PROBLEMS.items()}
    pages = {name: _page(name) for name in PAGES}
    osdi = {"OsdiError": _osdi(400), "OsdiUnavailable": _osdi(503)}
    return {**problems, **pages, **osdi}


def _osdi(status: int) -> Response:
    schema = {"type": "object", "required": ["osdi:error"], "properties": {"osdi:error": {"type": "object"}}}
    content = {HAL: {"schema": schema}}
    return {
        "description": "An error in OSDI's format. It says what is wrong with which property.",
        **_retry_after(status == 503),
        "content": content,
    }


def _problem(description: str, problem: Problem) -> Response:
    has_retry_after = bool(problem.retry_after)
    content = {PROBLEM: {"schema": reference(ProblemDetails), "example": problem.body()}}
    return {"description": description, **_retry_after(has_retry_after), "content": content}


def _page(name: str) -> Response:
    has_retry_after = name in PAGES_WITH_RETRY_AFTER
    content = {HTML: {"schema": TEXT}}
    if name in PAGES_OR_PROBLEMS:
        # API Gateway itself may answer with a problem (an error in JSON) instead of the page.
        content[PROBLEM] = {"schema": reference(ProblemDetails)}
    return {"description": PAGES[name], **_retry_after(has_retry_after), "content": content}


def _retry_after(is_sent: bool) -> Response:
    return {"headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}} if is_sent else {}
