"""What can go wrong, in the domain's words. `edge` turns these into answers; nothing here knows HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class PetitionsError(Exception):
    """The root of everything we raise on purpose. Its text is its name alone: an item could be a person's."""

    def __str__(self) -> str:
        return type(self).__name__

    __repr__ = __str__


class UnknownPetition(PetitionsError):
    """No petition has this slug, or it is still a draft."""


@dataclass(repr=False)
class PetitionNotOpen(PetitionsError):
    """It exists and cannot be signed now; `state` says why."""

    state: str


@dataclass(repr=False)
class PetitionRemoved(PetitionsError):
    """It was taken down on purpose: gone, not lost. `reason` is for the public."""

    reason: str | None = None


@dataclass(repr=False)
class InvalidTransition(PetitionsError):
    """A petition in `state` cannot become `wanted`."""

    state: str
    wanted: str


class PreconditionRequired(PetitionsError):
    """A change that does not say which revision it changes."""


class Stale(PetitionsError):
    """Somebody changed it meanwhile; nothing was stored."""


@dataclass(frozen=True)
class FieldError:
    """One complaint a person can act on: the field's public name and a sentence."""

    field: str
    message: str


@dataclass(repr=False)
class Invalid(PetitionsError):
    """Well-formed input that breaks a rule; nothing was stored."""

    errors: Sequence[FieldError]


class NotJson(PetitionsError):
    """The body cannot be read at all."""


class BodyTooLarge(PetitionsError):
    """More than MAX_BODY_BYTES."""


@dataclass(repr=False)
class WrongType(PetitionsError):
    """The Content-Type is not one this route reads."""

    expected: str


class LinkDamaged(PetitionsError):
    """A link from a mail that does not verify: cut in half, retyped, or forged."""


class NotAStatement(PetitionsError):
    """Nothing that this site has signed as a statement."""


@dataclass(repr=False)
class LinkExpired(PetitionsError):
    """A genuine link whose time is over."""

    slug: str
    signature_id: str


@dataclass(repr=False)
class Unavailable(PetitionsError):
    """AWS did not take it in time. Nothing is acknowledged; trying again is safe."""

    service: str = "storage"


class Throttled(Unavailable):
    """AWS asked us to slow down."""


class Denied(Unavailable):
    """A policy, a key or the account's settings refuse this. Certainly not done; only a repair of those helps."""


class RateExceeded(Throttled):
    """SES: too many mails a second. Certainly not sent; a second's patience cures it."""


class SendingStopped(Throttled):
    """SES takes no mail from anybody for now: a daily quota is spent, or the account is paused. Certainly not sent."""


class Conflicted(Unavailable):
    """Two transactions met on one item. botocore does not retry this; whoever asked does."""


@dataclass(repr=False)
class ConditionFailed(PetitionsError):
    """A conditional write found the item otherwise; `item` is how (None: absent), `index` which write."""

    item: Mapping[str, Any] | None = None
    index: int = 0


class NotYet(PetitionsError):
    """Another is at it, or it is too soon. The message must come again, and nothing is wrong."""


class MailRefused(PetitionsError):
    """SES will never take this message; trying again cannot help."""


@dataclass(repr=False)
class Forbidden(PetitionsError):
    """Known, and not allowed; `why` is a sentence for the person."""

    why: str


@dataclass(repr=False)
class UnknownThing(PetitionsError):
    """Nothing is at this address; `what` is a sentence for the person."""

    what: str


class ProviderSilent(Unavailable):
    """Whoever knows the staff does not answer, or not as was agreed. Nobody was signed in."""


@dataclass(repr=False)
class NotSignedIn(PetitionsError):
    """Whoever comes back from the provider is not believed; `why` is a sentence for the person."""

    why: str


@dataclass(repr=False)
class NotNow(PetitionsError):
    """It exists and is not in a state for this; `why` is a sentence for the person."""

    why: str


@dataclass(repr=False)
class Gone(PetitionsError):
    """It was here and was deleted on purpose; `what` is a sentence for the person."""

    what: str
