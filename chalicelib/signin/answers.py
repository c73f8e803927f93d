"""What the API returns to people who sign in."""

from typing_extensions import TypedDict

from chalicelib.core.answers import Time, Url
from chalicelib.core.rights import Right


class SignInAddress(TypedDict):
    authorization_url: Url


class Session(TypedDict):
    """A staff token, which is shown only once."""

    token: str
    expires_at: Time
    owner: str
    rights: list[Right]
