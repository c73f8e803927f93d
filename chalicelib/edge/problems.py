"""Turn the errors of core/errors.py into HTTP problems (RFC 9457), the same for pages and the API."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.core.errors import (
    BodyTooLarge,
    Explained,
    FieldError,
    Invalid,
    InvalidTransition,
    LinkDamaged,
    LinkExpired,
    NotAStatement,
    NotJson,
    OptOutLinkExpired,
    PetitionNotOpen,
    PetitionRemoved,
    PetitionsError,
    PreconditionRequired,
    ProviderUnavailable,
    Stale,
    Unavailable,
    UnknownPetition,
    WrongType,
)
from chalicelib.core.language import Language, translatable

# Seconds. A page's script adds a random time, so that not all browsers try again at once.
RETRY_AFTER = 5


@dataclass(frozen=True)
class Problem:
    """An HTTP problem. `detail` is a sentence for the person.

    422 has `errors`, one for each wrong field. 409 may have `state`, the petition's. 410 may have `reason`, in the
    words of staff who removed it.
    """

    status: int
    title: str
    detail: str
    errors: Sequence[FieldError] = field(default=())
    state: str | None = None
    retry_after: int | None = None
    reason: str = ""

    def body(self) -> dict[str, object]:
        problem: dict[str, object] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": f"{self.detail} {self.reason}".strip(),
        }
        if self.errors:
            problem["errors"] = [{"field": error.field, "message": error.message} for error in self.errors]
        if self.state:
            problem["state"] = self.state
        return problem

    def translated(self, language: Language) -> "Problem":
        """Return the problem with its texts in the language, except `reason`."""
        errors = [FieldError(error.field, language.text(error.message)) for error in self.errors]
        return replace(self, title=language.text(self.title), detail=language.text(self.detail), errors=errors)


def problem_of(error: PetitionsError) -> Problem:
    """Return the problem for an error. If `_PROBLEMS` lacks the error's class, our code has a bug: return 503."""
    for error_class, to_problem in _PROBLEMS.items():
        if isinstance(error, error_class):
            return to_problem(error)
    return _unavailable(error)


def unexpected() -> Problem:
    """Return the problem for a bug: 503, because the person can safely try again."""
    return _try_again("Something went wrong on our side. Please try again.")


# A draft or a removed petition raises another error.
_NOT_OPEN = {
    "paused": translatable("This petition is paused and cannot be signed."),
    "closed": translatable("This petition is closed and cannot be signed."),
}


def _try_again(detail: str) -> Problem:
    return Problem(503, "Service Unavailable", detail, retry_after=RETRY_AFTER)


def _unavailable(_: object) -> Problem:
    return _try_again("Very many people are here right now. Nothing is lost; please try again in a moment.")


def _too_large(error: BodyTooLarge) -> Problem:
    """Return the problem. Only the text about 16 KB is translated: all routes for supporters have this limit."""
    usual = translatable("The body must be 16 KB or less.")
    detail = usual if error.limit_kb == BodyTooLarge.limit_kb else f"The body must be {error.limit_kb} KB or less."
    return Problem(413, "Content Too Large", detail)


LINK_EXPIRED = translatable("This link has expired")
# A subclass must stand before its base class: the first match wins (`problem_of`).
_PROBLEMS: dict[type[PetitionsError], Callable[..., Problem]] = {
    UnknownPetition: lambda _: Problem(404, "Not Found", "There is no petition at this address."),
    PetitionRemoved: lambda error: Problem(
        410, "Gone", "This petition has been taken down.", reason=error.reason or ""
    ),
    PetitionNotOpen: lambda error: Problem(409, "Conflict", _NOT_OPEN[error.state], state=error.state),
    InvalidTransition: lambda error: Problem(
        409, "Conflict", f"This petition is {error.state} and cannot become {error.new_state}.", state=error.state
    ),
    Stale: lambda _: Problem(
        412, "Precondition Failed", "Somebody changed this meanwhile. Read it again, then repeat your change."
    ),
    PreconditionRequired: lambda _: Problem(
        428, "Precondition Required", "Say which revision you change: send its ETag as If-Match."
    ),
    Invalid: lambda error: Problem(422, "Unprocessable Content", "Some fields need attention.", errors=error.errors),
    NotJson: lambda _: Problem(400, "Bad Request", "The body is not valid JSON."),
    BodyTooLarge: _too_large,
    WrongType: lambda error: Problem(415, "Unsupported Media Type", f"Send this as {error.expected}."),
    LinkDamaged: lambda _: Problem(
        400,
        translatable("This link is incomplete"),
        translatable("Part of the link is missing or changed. Open it again from the email, or copy all of it."),
    ),
    NotAStatement: lambda _: Problem(
        404,
        "Not Found",
        "This is not a statement of this site. Part of the address is missing or changed, or it never was one.",
    ),
    OptOutLinkExpired: lambda _: Problem(
        410,
        LINK_EXPIRED,
        translatable(
            "The time for this link is over. Use the same link in a newer email from us, or write to the address at"
            " the end of the email."
        ),
    ),
    LinkExpired: lambda _: Problem(
        410,
        LINK_EXPIRED,
        translatable("The time for this link is over. If the petition is still open, you can sign it again."),
    ),
    Explained: lambda error: Problem(error.status, error.title, error.why),
    ProviderUnavailable: lambda _: _try_again(
        "The service that staff sign in with does not answer as it should. Please try again in a moment."
    ),
    Unavailable: _unavailable,
}
