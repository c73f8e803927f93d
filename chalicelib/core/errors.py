"""The errors of our own code. chalicelib/edge turns them into HTTP responses. Other files call them domain errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class PetitionsError(Exception):
    """Its text is only its class name, because its fields can have personal data."""

    def __str__(self) -> str:
        return type(self).__name__

    __repr__ = __str__


class UnknownPetition(PetitionsError):
    """No petition has this slug, or the petition is still a draft."""


@dataclass(repr=False)
class PetitionNotOpen(PetitionsError):
    state: str


@dataclass(repr=False)
class PetitionRemoved(PetitionsError):
    reason: str | None = None


@dataclass(repr=False)
class InvalidTransition(PetitionsError):
    state: str
    new_state: str


class PreconditionRequired(PetitionsError):
    """An edit does not name the revision that it is based on."""


class Stale(PetitionsError):
    """The edit is based on an old revision; nothing was stored."""


@dataclass(frozen=True)
class FieldError:
    field: str
    message: str


@dataclass(repr=False)
class Invalid(PetitionsError):
    """Well-formed input that breaks a rule; nothing was stored."""

    errors: Sequence[FieldError]


class NotJson(PetitionsError):
    """The body is not valid JSON."""


@dataclass(repr=False)
class BodyTooLarge(PetitionsError):
    limit_kb: int = 16


@dataclass(repr=False)
class WrongType(PetitionsError):
    expected: str


class LinkDamaged(PetitionsError):
    """The token in a link from an email is invalid: the link is incomplete, changed or forged."""


class NotAStatement(PetitionsError):
    """This site has not signed this statement. A statement is a signed record of a petition's count."""


@dataclass(repr=False)
class LinkExpired(PetitionsError):
    """A genuine link no longer works: it is too old, or the petition's or signature's state does not allow it."""

    slug: str
    signature_id: str


class OptOutLinkExpired(LinkExpired):
    """The expired link was to withdraw, or to get fewer emails. So do not ask the person to sign again."""


@dataclass(repr=False)
class Unavailable(PetitionsError):
    """AWS did not confirm the call in time. We have confirmed nothing to the client, so the client can safely retry."""

    service: str = "storage"


class Throttled(Unavailable):
    """AWS asked us to slow down."""


class Denied(Unavailable):
    """A policy, a key or an account setting forbids the call, so AWS did nothing. Somebody must repair the cause."""


class Unreached(Unavailable):
    """There was no connection to AWS, so the call was not done."""


class RateExceeded(Throttled):
    """SES gets too many emails a second. The email was not sent; retry after a second."""


class SendingStopped(Throttled):
    """SES accepts no email for now: the daily quota is used up or the account is paused. The email was not sent."""


class SetStopped(SendingStopped):
    """SES accepts no email of this email's configuration set for now. Other email may be sent."""


class Conflicted(Unavailable):
    """Other callers change the same item at the same time. botocore does not retry this; our code may."""


@dataclass(repr=False)
class ConditionFailed(PetitionsError):
    """The condition of a write did not hold. `item`: what is stored (None: nothing). `index`: which write failed."""

    item: Mapping[str, Any] | None = None
    index: int = 0


class DayNotClosed(PetitionsError):
    """DynamoDB refuses to close a day of a tally, and will always refuse. Somebody must find out why."""


@dataclass(repr=False)
class NotYet(PetitionsError):
    """No failure: the queue or stream must deliver the message again. `is_untried`: it need not wait long."""

    is_untried: bool = False


class MailRefused(PetitionsError):
    """SES will never accept this email; do not retry."""


class ProviderUnavailable(Unavailable):
    """The identity provider does not answer, or its answer is invalid. Nobody was signed in."""


@dataclass(repr=False)
class Explained(PetitionsError):
    """We refuse a request, and `why` tells the person the reason. The HTTP answer has this `status` and `title`."""

    status: ClassVar[int]
    title: ClassVar[str]
    why: str


class NotSignedIn(Explained):
    """The identity provider refused the sign-in, or its answer to the sign-in could not be verified."""

    status, title = 401, "Unauthorized"


class Forbidden(Explained):
    status, title = 403, "Forbidden"


class UnknownThing(Explained):
    status, title = 404, "Not Found"


class NotNow(Explained):
    """The present state of a job, an update or another thing does not allow the request."""

    status, title = 409, "Conflict"


class Gone(Explained):
    status, title = 410, "Gone"
