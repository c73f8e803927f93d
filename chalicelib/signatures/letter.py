"""The letter that a signature carries: what differs from the petition's letter, and what its sender agreed to."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from chalicelib.petitions.letter import Letter


class SignedLetter(BaseModel):
    """The item's `letter`. It is there if its person agreed to send the letter. What is None is as in the petition."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    version: str
    """The version of the petition's letter, and of the wordings that were agreed to."""
    opening: int | str | None = None
    """The place of the chosen opening, or the person's own words. None: the first one, if there is one."""
    subject: str | None = None
    body: str | None = None
    reply: bool = False
    """The targets may know the person's address, to reply."""


@dataclass(frozen=True)
class Written:
    """A letter as its target reads it, without greeting and name."""

    subject: str
    opening: str
    body: str


def written(letter: Letter, signed: SignedLetter) -> Written:
    """Return the signer's letter. `letter` is the petition's, in the language of the signature."""
    own = signed.opening
    place = own if isinstance(own, int) and own < len(letter.openings) else 0
    opening = own if isinstance(own, str) else letter.openings[place] if letter.openings else ""
    return Written(signed.subject or letter.subject, opening, signed.body or letter.body)
