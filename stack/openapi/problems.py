"""The answers to requests that fail, as components. Most examples come from the code that answers such requests."""

from typing import Any

from chalicelib.core import errors
from chalicelib.core.errors import BodyTooLarge, FieldError, PetitionsError
from chalicelib.edge.answers import ProblemDetails
from chalicelib.edge.http import PROBLEM
from chalicelib.edge.problems import Problem, problem_of
from chalicelib.edge.site import NO_FILE
from chalicelib.partners.form import MAX_BODY_KB
from chalicelib.partners.imports.model import MAX_DIRECT_KB
from chalicelib.partners.osdi.read import HAL
from chalicelib.petitions.form import MAX_PETITION_KB
from stack.openapi.schemas import TEXT, reference

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


# By name of the component: the description, and the problem in the example. An error that a route declares has the
# component of its name.
_PROBLEMS: dict[str, tuple[str, Problem | PetitionsError]] = {
    "NotJson": ("The body is not JSON. Nothing was stored.", errors.NotJson()),
    "Unauthorized": ("No token, or one that is unknown, expired or revoked.", UNAUTHORIZED),
    "NotSignedIn": (
        "The provider refused the sign-in, or its answer could not be verified.",
        errors.NotSignedIn("Sign in again."),
    ),
    "Forbidden": ("The token is valid but does not have the right that this needs.", FORBIDDEN),
    "UnknownPetition": ("There is no petition with this slug, or it is not open yet.", errors.UnknownPetition()),
    "UnknownThing": ("There is nothing at this address.", errors.UnknownThing("There is no such token.")),
    "NoFile": ("There is no such file.", NO_FILE),
    "NotAStatement": (
        "The statement was not issued by this site, or is incomplete or changed.",
        errors.NotAStatement(),
    ),
    "PetitionNotOpen": ("The petition cannot be signed now. `state` says why.", errors.PetitionNotOpen("closed")),
    "NotNow": (
        "The state does not allow this. `detail` says why.",
        errors.NotNow("This export is running: there is no file to download."),
    ),
    "InvalidTransition": (
        "The petition cannot change to this state from its current one. `state` is the current one.",
        errors.InvalidTransition("closed", "paused"),
    ),
    "PetitionRemoved": ("The petition was taken down.", errors.PetitionRemoved()),
    "Gone": (
        "It has expired, or was used or withdrawn. `detail` says why.",
        errors.Gone("This export has expired and its file was deleted. Request a new one."),
    ),
    "Stale": ("Someone else changed it in the meantime. Nothing was stored.", errors.Stale()),
    "PreconditionRequired": ("If-Match is missing. Nothing was stored.", errors.PreconditionRequired()),
    **{
        too_large(kb): (f"The body is larger than {kb} KB.", BodyTooLarge(kb))
        for kb in (BodyTooLarge.limit_kb, MAX_DIRECT_KB, MAX_PETITION_KB, MAX_BODY_KB)
    },
    "WrongType": ("The Content-Type is not supported here.", errors.WrongType("application/json")),
    "Invalid": (
        "Some fields are invalid. `errors` says how to correct each field. Nothing was stored.",
        errors.Invalid(FIELDS),
    ),
    "TooMany": (
        "Too many requests at once. Nothing was stored. Send the request again after `Retry-After` seconds.",
        BUSY,
    ),
    "Unavailable": (
        "We cannot answer now. The request was not accepted. It is safe to send it again after `Retry-After` seconds.",
        errors.Unavailable(),
    ),
}
PROBLEMS: dict[str, tuple[str, Problem]] = {
    name: (description, example if isinstance(example, Problem) else problem_of(example))
    for name, (description, example) in _PROBLEMS.items()
}
# The errors of routes that answer with a page: the description by name of the component.
PAGES = {
    "LinkDamagedPage": "The link is incomplete or changed. The page says what to do.",
    "UnknownPetitionPage": PROBLEMS["UnknownPetition"][0],
    "NotAStatementPage": PROBLEMS["NotAStatement"][0],
    "PetitionNotOpenPage": "The petition cannot be signed now. The page says why.",
    "PetitionRemovedPage": PROBLEMS["PetitionRemoved"][0],
    "LinkExpiredPage": "The link has expired, or the petition was taken down.",
    f"{too_large(BodyTooLarge.limit_kb)}Page": PROBLEMS[too_large(BodyTooLarge.limit_kb)][0],
    "WrongTypePage": "The Content-Type is not `application/x-www-form-urlencoded`.",
    "InvalidPage": "Fields are invalid, or more than 50. A form shows its values and the errors. Nothing was changed.",
    "UnavailablePage": "We cannot answer now. It is safe to try again after `Retry-After` seconds.",
}
PAGES_WITH_RETRY_AFTER = ("UnavailablePage",)
# Each of these may also be a problem instead of a page: API Gateway returns a problem if a body is over its own limit,
# or if a function does not answer.
PAGES_OR_PROBLEMS = (f"{too_large(BodyTooLarge.limit_kb)}Page", *PAGES_WITH_RETRY_AFTER)


def responses() -> dict[str, Response]:
    problem: Response = {"schema": reference(ProblemDetails)}
    found = {
        name: _response(text, bool(example.retry_after), {PROBLEM: {**problem, "example": example.body()}})
        for name, (text, example) in PROBLEMS.items()
    }
    for name, text in PAGES.items():
        content = {HTML: {"schema": TEXT}} | ({PROBLEM: problem} if name in PAGES_OR_PROBLEMS else {})
        found[name] = _response(text, name in PAGES_WITH_RETRY_AFTER, content)
    osdi = {"type": "object", "required": ["osdi:error"], "properties": {"osdi:error": {"type": "object"}}}
    for name, has_retry_after in (("OsdiError", False), ("OsdiUnavailable", True)):
        text = "An error in OSDI's format. It says what is wrong with which property."
        found[name] = _response(text, has_retry_after, {HAL: {"schema": osdi}})
    return found


def _response(description: str, has_retry_after: bool, content: Response) -> Response:
    headers = {"headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}} if has_retry_after else {}
    return {"description": description, **headers, "content": content}
