"""Types for the API's documentation: the response to a signature, and the fields of the HTML forms."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

YesOrNo = Literal["yes", "no"]
COUNTRY = "Corrected country. Leave out to keep it as signed. A new country without `postcode` removes the postcode."
POSTCODE = "Corrected postcode. Leave out to keep it as signed. Send empty to remove it."
SEND = "Leave out to keep the letter as signed. With this field, the other fields replace the whole letter."
REPLY = "Whether the targets get the email address, to reply."


class Accepted(TypedDict):
    """The response is the same for new and repeated signatures, and if we send no email to the address."""

    status: Literal["check-your-inbox"]


class ChallengeParameters(TypedDict):
    """As in ALTCHA's proof of work v2."""

    algorithm: Literal["PBKDF2/SHA-256"]
    nonce: str
    salt: str
    cost: int
    keyLength: int
    keyPrefix: str
    keySignature: str
    data: dict[str, str | int]


class Challenge(TypedDict):
    parameters: ChallengeParameters
    signature: str


class Asked(TypedDict):
    challenge: Challenge | None


class ProofSettings(TypedDict):
    everywhere: bool
    """Whether every signature of the site needs a proof."""
    petitions: list[str]
    """The slugs of petitions whose signatures all need one."""
    watched: Annotated[int, Field(ge=0)]
    """How many networks and domains need one now because they sign at an unusual rate."""


SignatureFields = TypedDict(
    "SignatureFields",
    {
        "name": str,
        "email": str,
        "country": NotRequired[str],
        "postcode": NotRequired[str],
        "source": NotRequired[str],
        "language": NotRequired[str],
        "consent.sign": Literal["yes"],
        "consent.updates": NotRequired[Literal["yes"]],
        "letter.send": NotRequired[Literal["yes"]],
        "letter.reply": NotRequired[Literal["yes"]],
        "letter.opening": NotRequired[str],
        "letter.subject": NotRequired[str],
        "letter.body": NotRequired[str],
    },
)
SignatureFields.__doc__ = """The fields of the form on the petition's page. An empty field counts as absent. Sending the
field of a consent gives this consent. The fields of the letter are as in `Signature`. Without `letter.send`, the other
fields of the letter have no effect.
"""


class TokenFields(TypedDict):
    token: NotRequired[str]
    """The token from the email. Can be sent in the URL instead."""


class StopFields(TypedDict):
    token: NotRequired[str]
    """The token from the email. Can be sent in the URL instead."""
    emails: NotRequired[Literal["again"]]
    """Send `again` to allow email about this petition again."""


ConfirmFields = TypedDict(
    "ConfirmFields",
    {
        "token": Annotated[NotRequired[str], Field(description="The token from the email, unless it is in the URL.")],
        "name": Annotated[NotRequired[str], Field(description="Corrected name. Leave out to keep it as signed.")],
        "country": Annotated[NotRequired[str], Field(description=COUNTRY)],
        "postcode": Annotated[NotRequired[str], Field(description=POSTCODE)],
        "updates": Annotated[NotRequired[YesOrNo], Field(description="Leave out to keep it as signed.")],
        "letter.send": Annotated[NotRequired[YesOrNo], Field(description=SEND)],
        "letter.reply": Annotated[NotRequired[YesOrNo], Field(description=REPLY)],
        "letter.opening": NotRequired[str],
        "letter.subject": NotRequired[str],
        "letter.body": NotRequired[str],
    },
)
