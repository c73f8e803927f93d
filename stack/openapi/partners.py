"""The models of the bodies that partners send, for the document only. The application reads the bodies without them.

OSDI is a standard format, in which some partners send signatures.
"""

from typing import Annotated, Any, Required

from pydantic import ConfigDict, Field, RootModel
from typing_extensions import TypedDict

from chalicelib.partners.form import MAX_SIGNATURES, PartnerSignature


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
