"""What the API returns about partners and their signatures."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import Time
from chalicelib.partners.model import CountsWhen, ReceiveOutcome


class ReceivedError(TypedDict):
    """An invalid field, and a sentence that says why it is invalid."""

    field: str
    message: str


class ReceivedSignature(TypedDict):
    identifier: str | None
    """The identifier as sent, without spaces around it and cut to 100 characters. Null if it was not a text."""
    result: ReceiveOutcome
    errors: list[ReceivedError]
    """Why the signature is invalid. Empty for the other results."""


class ReceivedSignatures(TypedDict):
    """The results, in the order of the request."""

    results: list[ReceivedSignature]


class ShownPartner(TypedDict):
    source: Annotated[str, Field(examples=["partner-oak"])]
    name: str
    counts: CountsWhen
    wording: str
    version: str
    created_at: Time


class ShownPartners(TypedDict):
    partners: list[ShownPartner]


class PartnerToken(TypedDict):
    """A new token of a partner. It is shown only once."""

    token: Annotated[str, Field(pattern=r"^staff_[0-9a-f]{16}_[0-9a-f]{64}$")]
    token_id: str
    partner: str
    expires_at: Time
