"""What a token allows. Rights are in `core`, because both the list of routes and the tokens import them."""

from enum import StrEnum


class Right(StrEnum):
    """What a token allows. No right includes another. `PARTNER` is for partners' tokens and for no other."""

    COUNTS = "counts"
    MANAGE = "manage"
    EXPORT = "export"
    PEOPLE = "people"
    PARTNER = "partner"
