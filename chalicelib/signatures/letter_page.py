"""The confirm page: the values of its form, and the letter as a target will read it.

A target may be the member of parliament for the signature's postcode. If somebody adds a letter to a confirmed
signature, the page asks the owner of the mailbox whether to send it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.language import language_of, translatable
from chalicelib.core.validation import is_ticked
from chalicelib.petitions.constituency_table import MemberOfParliament, member_for_postcode
from chalicelib.petitions.letter import Letter
from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import corrected_attributes, read_corrections
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.letter import RenderedLetter, SignedLetter, corrected_letter, letter_texts, render_letter
from chalicelib.signatures.letter_form import NO_OPENING
from chalicelib.signatures.model import Signature

OTHER_MEMBER = translatable("From this postcode, your letter goes to somebody else. Read it again, then confirm")


@dataclass(frozen=True)
class ShownLetter:
    """A signature's letter on the page.

    `text`: the petition's letter in `language`, the signature's. `rendered_letter`: to its first recipient. `to`: the
    names of all. `member_constituency`: of the recipient who is a member of parliament, or "". `has_no_member`: a
    target is the member for the postcode, but we know none. `fields`: the values of the form's fields for the letter.
    """

    text: Letter
    language: str
    version: str
    rendered_letter: RenderedLetter
    to: Sequence[str]
    member_constituency: str
    has_no_member: bool
    fields: Mapping[str, str]


def shown_letter(signature: Signature, petition: Petition) -> ShownLetter | None:
    """Return the signature's letter, sent or only asked for, or else the petition's. None: the petition has none."""
    language = language_of(signature.language or petition.language)
    translated = petition.in_language(language.code)
    letter = translated.letter
    if letter is None:
        return None
    signed = signature.letter or signature.letter_asked or SignedLetter(version=petition.letter_version)
    if not letter.may_edit:
        # Show the petition's words: the form has no fields for own words, so it will be submitted without them.
        opening = None if isinstance(signed.opening, str) else signed.opening
        signed = SignedLetter(version=signed.version, opening=opening, reply=signed.reply)
    words = letter_texts(letter, signed)
    member = member_for_postcode(signature.country, signature.postcode) if letter.is_to_members else None
    to = _recipient_names(letter, member)
    # Without a known member for the postcode there may be no recipient: begin with the target's general name.
    first_recipient = to[0] if to else letter.targets[0].name
    name, postcode = signature.name or "", signature.postcode or ""
    rendered = render_letter(words, first_recipient, name, postcode, translated.charity, language)
    return ShownLetter(
        text=letter,
        language=language.code,
        version=petition.letter_version,
        rendered_letter=rendered,
        to=to,
        member_constituency=member.constituency if member else "",
        has_no_member=letter.is_to_members and member is None,
        fields=_letter_values(words, signed, sends=signature.letter is not None),
    )


def with_typed_values(signature: Signature, fields: Mapping[str, str], petition: Petition) -> Signature:
    """Return the signature with what the owner typed. If a correction is invalid, leave out all; so with the letter."""
    changes: dict[str, Any] = {}
    country = signature.country or ""
    with suppress(Invalid):
        corrections = read_corrections(fields, country)
        changes |= corrected_attributes(corrections, country)
    with suppress(Invalid):
        changes |= corrected_letter(fields, petition)
    if changes.get("letter"):  # A dict, as it would be stored.
        changes["letter"] = SignedLetter.model_validate(changes["letter"])
    return signature.model_copy(update=changes)


def letter_to(petition: Petition, fields: Mapping[str, str]) -> list[str]:
    """Return the names of those who get the letter. "letter.member" says whether we know the person's MP."""
    targets = petition.letter.targets if petition.letter else []
    return [target.name for target in targets if fields.get("letter.member") or not target.members]


def check_member(fields: Mapping[str, str], corrections: Corrections, country: str) -> None:
    """Raise Invalid if the letter would go to a different member of parliament from the one that the page showed."""
    # A form with "letter.member" also has "postcode", so the stored postcode is not needed.
    if "letter.member" not in fields or not is_ticked(fields, "letter.send"):
        return
    corrected = {"country": country, **corrected_attributes(corrections, country)}
    member = member_for_postcode(corrected["country"], corrected.get("postcode"))
    constituency = member.constituency if member else ""
    if fields["letter.member"] != constituency:
        raise Invalid([FieldError("letter.member", OTHER_MEMBER)])


def offered_letter(signature: Signature, issued: datetime, petition: Petition, now: datetime) -> ShownLetter | None:
    """Return the letter in `letter_asked`, which the page asks the owner to send. None: the link offers none.

    No box is ticked, because perhaps a stranger typed the letter.
    """
    is_offered = signature.offers_letter(issued) and petition.is_confirmable_at(now)
    return shown_letter(signature, petition) if is_offered else None


def form_values(signature: Signature, shown: ShownLetter | None, typed: Mapping[str, str]) -> dict[str, str]:
    signed_values = {name: getattr(signature, name) or "" for name in ("name", "country", "postcode")}
    letter_values = shown.fields if shown else {}
    updates = "yes" if signature.updates else ""
    return {**signed_values, "updates": updates, **letter_values, **_typed_values(typed)}


def _typed_values(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the typed values, with "" for an unticked checkbox (a hidden field sends "no")."""
    values = dict(fields)
    for box in ("updates", "letter.send", "letter.reply"):
        if box in values and values[box] != "yes":
            values[box] = ""
    return values


def _recipient_names(letter: Letter, member: MemberOfParliament | None) -> list[str]:
    """Return the names of the recipients, without a member who has the address of a named target."""
    member_name = ""
    if member and not letter.has_address(member.email, letter.targets):
        member_name = member.name
    names = []
    for target in letter.targets:
        name = member_name if target.members else target.name
        if name:
            names.append(name)
    return names


def _letter_values(words: Mapping[str, str], signed: SignedLetter, *, sends: bool) -> dict[str, str]:
    return {
        "letter.send": "yes" if sends else "",
        "letter.reply": "yes" if sends and signed.reply else "",
        "letter.subject": words["subject"],
        "letter.body": words["body"],
        "letter.opening": _opening_value(signed.opening),
    }


def _opening_value(opening: int | str | None) -> str:
    if opening is None:
        return "0"  # The index of the first suggested opening.
    return NO_OPENING if opening == "" else str(opening)
