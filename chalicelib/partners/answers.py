"""What the API returns about partners and their signatures, and what partners send: the code reads that by itself."""

from typing import Annotated, Any, Required

from pydantic import ConfigDict, Field, RootModel
from typing_extensions import TypedDict

from chalicelib.core.answers import Time
from chalicelib.partners.form import MAX_SIGNATURES, PartnerSignature
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


class PartnerBatch(TypedDict):
    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]
    signatures: Annotated[list[PartnerSignature], Field(min_length=1, max_length=MAX_SIGNATURES)]


class SentSignatures(RootModel[PartnerSignature | PartnerBatch]):
    """One signature, or a batch."""


class OsdiSignature(TypedDict, total=False):
    """OSDI's signature with its person. Other fields of OSDI are ignored."""

    identifiers: list[str]
    action_date: str
    person: Required[dict[str, Any]]
