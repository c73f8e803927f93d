"""What the API returns to a signature, and the fields of the HTML forms."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class Accepted(TypedDict):
    """The same for new, repeated and blocked signatures."""

    status: Literal["check-your-inbox"]


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
    },
)
SignatureFields.__doc__ = """The fields of the form on the petition's page. An empty field counts as absent. Sending a
consent's field gives the consent.
"""


class TokenFields(TypedDict):
    token: NotRequired[str]
    """The token from the email. Can be sent in the URL instead."""


class StopFields(TypedDict):
    token: NotRequired[str]
    """The token from the email. Can be sent in the URL instead."""
    emails: NotRequired[Literal["again"]]
    """Send `again` to allow email about this petition again."""


class ConfirmFields(TypedDict):
    token: NotRequired[str]
    """The token from the email. Can be sent in the URL instead."""
    name: NotRequired[str]
    """Corrected name. Leave out to keep it as signed."""
    country: NotRequired[str]
    """Corrected country. Leave out to keep it as signed. Send the postcode too: the former country's is removed."""
    postcode: NotRequired[str]
    """Corrected postcode. Leave out to keep it as signed. Send empty to remove it."""
    updates: NotRequired[Literal["yes", "no"]]
    """Leave out to keep it as signed."""
