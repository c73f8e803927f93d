"""The letter of a signature, which we email to the petition's targets, such as a minister, in the person's name.

A signature stores only what the person changed in the petition's letter, and what the person agreed to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from pydantic import ValidationError

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.language import Language, translatable
from chalicelib.core.models import FrozenModel
from chalicelib.core.times import Moment
from chalicelib.core.validation import field_errors
from chalicelib.core.web_addresses import links_in
from chalicelib.pages.jinja import paragraphs
from chalicelib.petitions.letter import Letter
from chalicelib.petitions.model import Petition
from chalicelib.petitions.text import MAX_LETTER_FORM_BYTES
from chalicelib.signatures.letter_form import NO_SUCH_OPENING, LetterForm, clean_prose, letter_fields

NO_LETTER = translatable("This petition has no letter to send")
NOT_EDITABLE = translatable("You cannot change this part of the letter")
TOO_LARGE = translatable("Shorten your letter: in this script, its characters take more room")
NO_LINKS = {
    "subject": translatable("Write the subject without web or email addresses. Put a space after any full stop"),
    "opening": translatable("Write your opening without web or email addresses. Put a space after any full stop"),
    "body": translatable("Write your letter without web or email addresses. Put a space after any full stop"),
}
GREETING = translatable("Dear %(name)s,")
SENDER = translatable("%(name)s via %(charity)s")
CAMPAIGN = translatable("%(name)s sent this letter with %(charity)s, as part of this petition:")
EDITED = translatable("The letter has just been edited. Read it again, then confirm")


class SignedLetter(FrozenModel):
    """The letter that the person agreed to send (`Signature.letter`). A part that is None is as the petition has it."""

    version: str
    """The version of the petition's letter, and of the wordings that the person agreed to."""
    opening: int | str | None = None
    """The index of a suggested opening (None: the first one), or the person's own words ("": no opening)."""
    subject: str | None = None
    body: str | None = None
    reply: bool = False
    """The targets get the person's address, so that they can reply."""

    @property
    def has_own_words(self) -> bool:
        return isinstance(self.opening, str) or bool(self.subject or self.body)


class AskedLetter(SignedLetter):
    """A letter that perhaps a stranger typed (`Signature.letter_asked`): an email asks the owner whether to send it."""

    asked_at: Moment

    @property
    def offered_from(self) -> datetime:
        """Return the second after `asked_at`. A link offers this letter only if it was issued then or later.

        Times of issue have whole seconds: one of the same second may be older. mail/signature_kinds.py gives the link
        in our email a later time if needed.
        """
        return self.asked_at.replace(microsecond=0) + timedelta(seconds=1)


@dataclass(frozen=True)
class RenderedLetter:
    """A letter as a target reads it, on the confirm page and by email."""

    subject: str
    paragraphs: list[str]
    sender: str
    """The name in the email's From header."""
    campaign: str
    """The sentence that says who sent the letter. The petition's title follows it."""


def letter_texts(letter: Letter, signed: SignedLetter) -> dict[str, str]:
    """Return the subject, opening and body. `letter`: the petition's, in the signature's language."""
    opening = _opening_text(signed.opening, letter.openings)
    return {"subject": signed.subject or letter.subject, "opening": opening, "body": signed.body or letter.body}


def _opening_text(opening: int | str | None, suggested: Sequence[str]) -> str:
    if isinstance(opening, str):
        return opening
    if opening is not None and opening < len(suggested):  # Staff may have removed suggestions since.
        return suggested[opening]
    return suggested[0] if suggested else ""


def render_letter(
    words: Mapping[str, str], to: str, name: str, postcode: str, charity: str, language: Language
) -> RenderedLetter:
    """Return the letter to the target named `to`. `words`: from `letter_texts`."""
    greeting = language.text(GREETING) % {"name": to}
    parts = [greeting, words["opening"], words["body"]]
    text = "\n\n".join(part for part in parts if part)
    signed_name = f"{name}\n{postcode}" if postcode else name
    names = {"name": name, "charity": charity}
    sender = language.text(SENDER) % names
    campaign = language.text(CAMPAIGN) % names
    return RenderedLetter(words["subject"], [*paragraphs(text), signed_name], sender, campaign)


def signed_letter(form: LetterForm | None, petition: Petition, language: str | None) -> SignedLetter | None:
    """Return the letter to store, or None if the person sends none. Even then, raise Invalid if `form` is wrong.

    `language`: None means the petition's main language. Only changed texts are stored, so that a signature with an
    unedited letter fits into one write unit.
    """
    if form is None:
        return None
    letter = petition.in_language(language or petition.language).letter
    if letter is None:
        raise Invalid([FieldError("letter", NO_LETTER)])
    own: dict[str, str] = {}
    # The form's texts are clean, so clean the petition's texts before the comparison.
    if form.subject and form.subject != clean_prose(letter.subject):
        own["subject"] = form.subject
    if form.body and form.body != clean_prose(letter.body):
        own["body"] = form.body
    opening = _chosen_opening(form.opening, letter)
    if isinstance(opening, str):  # The person's own words. Otherwise, it is one of the suggested openings.
        own["opening"] = opening
    _check_own_words(own, letter)
    if not form.send:
        return None
    subject, body = own.get("subject"), own.get("body")
    return SignedLetter(version=petition.letter_version, opening=opening, subject=subject, body=body, reply=form.reply)


def _chosen_opening(opening: int | str | None, letter: Letter) -> int | str | None:
    """Return the index of a suggested opening (None: the first), or own words. Raise Invalid if it is wrong."""
    suggested = [clean_prose(each) for each in letter.openings]
    if isinstance(opening, str) and opening in suggested:
        opening = suggested.index(opening)
    # Like None, the index 0 means the first one, if any: it is valid even without suggestions.
    valid_indexes = range(max(1, len(suggested)))
    if isinstance(opening, int) and opening not in valid_indexes:
        raise Invalid([FieldError("letter.opening", NO_SUCH_OPENING)])
    return None if opening == 0 else opening


def _check_own_words(own: Mapping[str, str], letter: Letter) -> None:
    """Raise Invalid if own words are too long, not allowed, or have an address that is not in the petition's letter."""
    if not own:
        return
    if not letter.may_edit:
        raise Invalid([FieldError(f"letter.{name}", NOT_EDITABLE) for name in own])
    known_links = links_in("\n".join([letter.subject, letter.body, *letter.openings]))
    with_new_links = [name for name, text in own.items() if links_in(text) - known_links]
    if with_new_links:
        raise Invalid([FieldError(f"letter.{name}", NO_LINKS[name]) for name in with_new_links])
    # The confirm page sends these words again, and the size of a form is limited.
    as_form_sends = quote_plus("".join(own.values()))
    if len(as_form_sends) > MAX_LETTER_FORM_BYTES:
        raise Invalid([FieldError("letter.body", TOO_LARGE)])


def corrected_letter(fields: Mapping[str, str], petition: Petition) -> dict[str, Any]:
    """Return {"letter": the letter from the confirm page, or None to send none}, or {} to keep the stored letter.

    `fields` may have the signature's language, and the letter's version that the page showed. Raise Invalid if the
    petition has a newer version, or if a value is invalid.
    """
    if "letter.send" not in fields:  # A page with a letter always sends it: a hidden field has the value "no".
        return {}
    shown_version = fields.get("letter.version", petition.letter_version)
    if shown_version != petition.letter_version:
        raise Invalid([FieldError("letter.version", EDITED)])
    try:
        values = letter_fields(fields)  # None: the box is not ticked.
        form = LetterForm.model_validate(values) if values else None
    except ValidationError as error:
        raise Invalid([FieldError(f"letter.{each.field}", each.message) for each in field_errors(error)]) from error
    signed = signed_letter(form, petition, fields.get("letter.language"))
    return {"letter": signed.model_dump(exclude_none=True) if signed else None}
