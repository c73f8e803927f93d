"""The confirm page, where the owner of the mailbox confirms a signature: the values of its form, and the letter.

The page shows the letter as a target will read it. A target may be the member of parliament for the signature's
postcode. Somebody may sign again with the address of a confirmed signature, and add a letter. Then the page asks the
owner whether to send this letter.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.language import language_of, translatable
from chalicelib.core.validation import is_ticked
from chalicelib.petitions.letter import Letter
from chalicelib.petitions.members import MemberOfParliament, member_for_postcode
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

    `text`: the petition's letter in `language`, the language of the signature. `version`: the version of `text`.
    `rendered_letter`: the signature's letter to its first recipient. `to`: the names of all recipients. `member`: the
    constituency of the recipient who is a member of parliament, or "". `has_no_member`: a target is the member for the
    postcode, but we know no such member. `fields`: the values of the form's fields for the letter.
    """

    text: Letter
    language: str
    version: str
    rendered_letter: RenderedLetter
    to: Sequence[str]
    member: str
    has_no_member: bool
    fields: Mapping[str, str]


def shown_letter(signature: Signature, petition: Petition) -> ShownLetter | None:
    """Return the signature's letter, or the petition's letter if the signature has none.

    Return None if the petition has no letter.
    """
    language = language_of(signature.language or petition.language)
    translated = petition.in_language(language.code)
    letter = translated.letter
    if letter is None:
        return None
    signed = signature.letter or SignedLetter(version=petition.letter_version)
    name, postcode = signature.name or "", signature.postcode or ""
    words = letter_texts(letter, signed)
    member = member_for_postcode(signature.country, signature.postcode) if letter.is_to_members else None
    to = _recipient_names(letter, member)
    # There is no recipient if the only target is the member of parliament, and we know no member for the postcode.
    first_recipient = to[0] if to else letter.targets[0].name
    rendered = render_letter(words, first_recipient, name, postcode, translated.charity, language)
    return ShownLetter(
        text=letter,
        language=language.code,
        version=petition.letter_version,
        rendered_letter=rendered,
        to=to,
        member=member.constituency if member else "",
        has_no_member=letter.is_to_members and member is None,
        fields=_letter_values(words, signed, sends=signature.letter is not None),
    )


def with_typed_values(signature: Signature, fields: Mapping[str, str], petition: Petition) -> Signature:
    """Return the signature with what the owner typed, so that the page shows the letter with these values.

    If one of the corrections is invalid, leave out all of them. The same holds for the parts of the letter.
    """
    changes: dict[str, Any] = {}
    with suppress(Invalid):
        changes |= corrected_attributes(read_corrections(fields, signature.country or ""), signature.country or "")
    with suppress(Invalid):
        changes |= corrected_letter(fields, petition)
    if changes.get("letter"):
        changes["letter"] = SignedLetter.model_validate(changes["letter"])
    return signature.model_copy(update=changes)


def check_member(fields: Mapping[str, str], corrections: Corrections, country: str) -> None:
    """Raise Invalid if the letter would go to a different member of parliament from the one that the page showed.

    `country`: the signature's country before the corrections.
    """
    if "letter.member" not in fields or not is_ticked(fields, "letter.send"):
        return
    typed = {"country": country, **corrected_attributes(corrections, country)}
    member = member_for_postcode(typed["country"], typed.get("postcode"))
    if fields["letter.member"] != (member.constituency if member else ""):
        raise Invalid([FieldError("letter.member", OTHER_MEMBER)])


def offered_letter(signature: Signature, issued: datetime, petition: Petition, now: datetime) -> ShownLetter | None:
    """Return the letter in `letter_asked`: the page asks the owner of the mailbox whether to send it.

    Return None if the link offers no letter (`Signature.offers_letter`), or if the petition's time to confirm is over.
    """
    if not signature.offers_letter(issued) or not petition.is_confirmable_at(now):
        return None
    return shown_letter(signature.model_copy(update={"letter": signature.letter_asked}), petition)


def form_values(signature: Signature, shown: ShownLetter | None, typed: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the form: as the owner typed them, or else as in the signature and its shown letter."""
    return {**_signed_values(signature), **(shown.fields if shown else {}), **_typed_values(typed)}


def _signed_values(signature: Signature) -> dict[str, str]:
    return {
        "name": signature.name or "",
        "country": signature.country or "",
        "postcode": signature.postcode or "",
        "updates": "yes" if signature.updates else "",
    }


def _typed_values(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the typed values, with "" for an unticked checkbox. The form has a hidden field that sends "no" for it."""
    boxes = ("updates", "letter.send", "letter.reply")
    return {**fields, **{name: "yes" if fields[name] == "yes" else "" for name in boxes if name in fields}}


def _recipient_names(letter: Letter, member: MemberOfParliament | None) -> list[str]:
    """Return the names of the recipients. A target with `members` is the member of parliament for the postcode.

    If the member has the same address as a named target, leave out the member: one letter goes to this address.
    """
    member_name = member.name if member and not letter.has_address(member.email, letter.targets) else ""
    names = [member_name if each.members else each.name for each in letter.targets]
    return [name for name in names if name]


def _letter_values(words: Mapping[str, str], signed: SignedLetter, *, sends: bool) -> dict[str, str]:
    # An opening that is None is the first suggested one, which has the index 0.
    opening = NO_OPENING if signed.opening == "" else str(signed.opening or 0)
    return {
        "letter.send": "yes" if sends else "",
        "letter.reply": "yes" if signed.reply else "",
        "letter.subject": words["subject"],
        "letter.body": words["body"],
        "letter.opening": opening,
    }
