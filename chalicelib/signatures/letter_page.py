"""The letter on the page where its sender confirms: as it will arrive, and as fields to correct."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.core.language import language_of
from chalicelib.petitions.letter import Letter
from chalicelib.petitions.members import member_of
from chalicelib.petitions.model import Petition
from chalicelib.signatures.letter import SignedLetter, Written, words_of, written
from chalicelib.signatures.letter_form import NO_OPENING
from chalicelib.signatures.model import Signature


@dataclass(frozen=True)
class ShownLetter:
    """`text`: the petition's letter in `language`, that of the signature. `fields`: the values of the form.

    `to`: the names of those who get it. `has_no_member`: it would go to a member of parliament, but the charity's
    tables have none for this postcode.
    """

    text: Letter
    language: str
    version: str
    arrives: Written
    to: Sequence[str]
    has_no_member: bool
    fields: Mapping[str, str]


def shown_letter(signature: Signature, petition: Petition) -> ShownLetter | None:
    """Return the letter as its person signed it, or the petition's if they sent none. None: the petition has none."""
    language = language_of(signature.language or petition.language)
    shown = petition.in_language(language.code)
    if shown.letter is None:
        return None
    signed = signature.letter or SignedLetter(version=petition.letter_version)
    name, postcode = signature.name or "", signature.postcode or ""
    words = words_of(shown.letter, signed)
    targets = shown.letter.targets
    member = member_of(signature.country, signature.postcode) if shown.letter.is_to_members else None
    to = [member.name if each.members and member else each.name for each in targets if member or not each.members]
    arrives = written(words, (to or [targets[0].name])[0], name, postcode, shown.charity, language)
    return ShownLetter(
        shown.letter,
        language.code,
        petition.letter_version,
        arrives,
        to,
        len(to) < len(targets),
        _fields(words, signed, sends=signature.letter is not None),
    )


def _fields(words: Mapping[str, str], signed: SignedLetter, *, sends: bool) -> dict[str, str]:
    # None: the first of the suggested openings.
    opening = NO_OPENING if signed.opening == "" else str(signed.opening or 0)
    return {
        "letter.send": "yes" if sends else "",
        "letter.reply": "yes" if signed.reply else "",
        "letter.subject": words["subject"],
        "letter.body": words["body"],
        "letter.opening": opening,
    }
