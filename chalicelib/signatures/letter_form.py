"""Validate the letter that a supporter sends with a signature, by form or JSON. Its first paragraph is the opening."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator, StrictBool, WithJsonSchema

from chalicelib.core.language import translatable
from chalicelib.core.models import ClosedModel
from chalicelib.core.printable import ENCODED_WORD, has_unprintable
from chalicelib.core.validation import is_ticked
from chalicelib.petitions.text import MAX_BODY_LENGTH, MAX_OPENING_LENGTH, MAX_SUBJECT_LENGTH

# The form's value for a letter without an opening.
NO_OPENING = "none"
# Word processors and phones insert these characters. They print nothing.
_INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202c\u2060\u2066-\u2069\ufeff]")
# Word writes bullets and other symbols as these private characters. Most fonts do not have them.
_SYMBOLS = re.compile("[\uf020-\uf0ff]")
_LINE_ENDS = re.compile("\r\n|\r|\u2028|\u2029|\x0b|\x0c")
# (?<!…): only begin at the first space of a row of spaces. Otherwise 16 KB of spaces take a second.
_SPACES_AT_END = re.compile(r"(?<![^\S\n])[^\S\n]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")

ONE_LINE = translatable("Write the subject on one line")
ENCODED = translatable("Write the subject without “=?”")
NO_SUCH_OPENING = translatable("Choose one of the openings")
UNPRINTABLE = translatable("Remove the characters that cannot be printed")
TOO_LONG = {
    MAX_SUBJECT_LENGTH: translatable("Your subject must be 150 characters or fewer"),
    MAX_OPENING_LENGTH: translatable("Your opening must be 500 characters or fewer"),
    MAX_BODY_LENGTH: translatable("Your letter must be 3,000 characters or fewer"),
}


# Spaces and invisible characters that cleaning may remove from a text of the right length.
_SLACK = 1_000


def clean_prose(typed: str) -> str:
    """Return the text in NFC, with plain line ends, and without what prints nothing. Word's symbols become bullets."""
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", typed))
    text = _SYMBOLS.sub("•", text)
    text = _LINE_ENDS.sub("\n", text)
    text = text.replace("\t", " ")
    text = _SPACES_AT_END.sub("", text)
    text = _EMPTY_LINES.sub("\n\n", text)
    return text.strip()


def _clean_text(typed: str, max_length: int) -> str:
    # The time of NFC grows with the square of a run of marks, so a text that is much too long is not read.
    text = typed if len(typed) > max_length + _SLACK else clean_prose(typed)
    if len(text) > max_length:
        raise ValueError(TOO_LONG[max_length])
    if has_unprintable(text.replace("\n", "")):
        raise ValueError(UNPRINTABLE)
    return text


def _clean_subject(typed: str) -> str:
    """Raise ValueError for what would begin another header of the email, or an encoded word."""
    text = _clean_text(typed, MAX_SUBJECT_LENGTH)
    if "\n" in text:
        raise ValueError(ONE_LINE)
    if ENCODED_WORD in text:
        raise ValueError(ENCODED)
    return text


def _clean_body(typed: str) -> str:
    return _clean_text(typed, MAX_BODY_LENGTH)


def _clean_opening(typed: object) -> int | str | None:
    """Return the index of a suggested opening, the cleaned text, or None if the person did not choose one."""
    if isinstance(typed, str):
        return _clean_text(typed, MAX_OPENING_LENGTH)
    if typed is None:
        return None
    if isinstance(typed, int) and not isinstance(typed, bool):  # In Python, a bool is also an int.
        return typed
    raise ValueError(NO_SUCH_OPENING)


SubjectLine = Annotated[str, AfterValidator(_clean_subject)]
BodyText = Annotated[str, AfterValidator(_clean_body)]
INDEX_OR_WORDS = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": ["string", "null"]}], "examples": [0]}


def _text_schema(max_length: int) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "null"], "maxLength": max_length})


class LetterForm(ClosedModel):
    """The letter to the petition's targets. A left-out subject, body or opening is as in the petition's letter."""

    send: StrictBool
    """The person agrees to send the letter. Ask for this consent separately, with the wording of `send` in the
    petition's `letter.consents`. We send the letter only if the person confirms it by our email.
    """
    subject: Annotated[SubjectLine | None, _text_schema(MAX_SUBJECT_LENGTH)] = None
    """One line of up to 150 characters, without links."""
    body: Annotated[BodyText | None, _text_schema(MAX_BODY_LENGTH)] = None
    """The text without greeting and name: up to 3,000 characters, without links. Empty lines separate paragraphs.
    Subject, body and opening together are at most 12,000 bytes as a form sends them, for example 2,000 Greek letters.
    """
    opening: Annotated[int | str | None, PlainValidator(_clean_opening), WithJsonSchema(INDEX_OR_WORDS)] = None
    """The first paragraph: the index of one of the petition's `openings` (0 is the first one), or its text, or the
    person's own words (up to 500 characters), or "" for none. If it is left out, the letter has the first opening.
    """
    reply: StrictBool = False
    """The targets get the person's email address, to reply. Ask for this consent separately, with the wording of
    `reply`.
    """


def letter_fields(fields: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the values for a LetterForm, without empty fields. None: "letter.send" is not ticked."""
    if not is_ticked(fields, "letter.send"):
        return None
    values: dict[str, Any] = {"send": True, "reply": is_ticked(fields, "letter.reply")}
    if fields.get("letter.subject"):
        values["subject"] = fields["letter.subject"]
    if fields.get("letter.body"):
        values["body"] = fields["letter.body"]
    if fields.get("letter.opening"):
        values["opening"] = _typed_opening(fields["letter.opening"])
    return values


def _typed_opening(chosen: str) -> int | str:
    """Return the index (one or two digits in the field), "" for NO_OPENING, or the person's own words."""
    if chosen == NO_OPENING:
        return ""
    is_index = re.fullmatch("[0-9]{1,2}", chosen) is not None
    return int(chosen) if is_index else chosen
