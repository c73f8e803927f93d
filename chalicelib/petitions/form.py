"""Read the JSON with which staff create, edit, open or close a petition, and return a petition as JSON for staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import StrictBool, ValidationError

from chalicelib.core import times
from chalicelib.core.address import canonical_of
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.models import ClosedModel
from chalicelib.core.printable import header_errors
from chalicelib.core.times import Moment
from chalicelib.core.validation import Words, decode_json, field_errors, parse_body
from chalicelib.pages.markdown import MAX_MARKS, has_too_many_marks
from chalicelib.petitions.constituency_table import has_members
from chalicelib.petitions.letter import Letter
from chalicelib.petitions.model import USUAL_RETENTION_MONTHS, Petition, PetitionState, Reason
from chalicelib.petitions.text import Translation
from chalicelib.petitions.transition import Transition, gap_errors, transitions, warning_of_gaps

TEXT_FIELDS = (
    "title", "summary", "text", "target", "charity", "privacy_contact", "privacy_url",
    "sign_wording", "updates_wording", "language", "translations",
)  # fmt: skip
OUTCOME_FIELDS = ("handed_in_at", "response", "responded_at")
SHARING_FIELDS = ("share_text", "share_ways", "next_step")
_OTHER_FIELDS = (
    "opened_at", "receipt", "time_zone", "embed_on", "letter", "retention_months", *OUTCOME_FIELDS, *SHARING_FIELDS,
)  # fmt: skip
EDITABLE = (*TEXT_FIELDS, "goal", "goals", "closes_at", *_OTHER_FIELDS)
# If an edit omits one of these fields, the field keeps its value.
KEPT_IF_OMITTED = {"language", "translations", *_OTHER_FIELDS}
WORDS = Words(
    wrong={
        "slug": "Use small letters, digits and hyphens, up to 60, without a hyphen at the start or end",
        "privacy_contact": "Enter an email address, such as privacy@charity.example",
        "privacy_url": "Enter a web address that starts with https://",
        "retention_months": "Enter a number of months from 1 to 120",
        "share_text": "Enter one paragraph of up to 240 characters",
        "next_step.url": "Enter a web address that starts with https://",
        "letter.subject": "Enter one line of up to 150 characters",
        "letter.targets": "Give the letter at least one target, and at most 20",
        "letter.targets.*.key": "Use small letters, digits and hyphens, up to 40, without a hyphen at the start or end",
        "letter.targets.*.email": "Enter an email address, such as office@example.org",
        "letter.targets.*.test_to": "Enter an email address, such as you@charity.example",
    }
)
# The largest body with a whole petition: texts and letter in several languages.
MAX_PETITION_KB = 64
HIDDEN_FIELDS = {"key_version", "shards", "public_texts", "removals"}
SAME_ADDRESS = (
    "Targets {} and {} have the same email address, which would get two letters from each person. Leave one of them"
    " out, or correct its address"
)
MANY_MARKS = f"Use at most {MAX_MARKS:,} line breaks and marks such as * and [ in all"
NO_MEMBERS = "This site has no table of members of parliament. Ask your engineers to deploy one first"


class TransitionRequest(ClosedModel):
    state: PetitionState
    """The new state."""
    at: Moment | None = None
    """When to open a draft or close an open petition. Defaults to now."""
    reason: Reason | None = None
    """Required for a removal."""
    keep_brackets: StrictBool = False
    """Open the petition although there is text in [square brackets] outside its title and consents. Without this, the
    answer to an opening is 422 with an error of this field, which names the texts.
    """


def read_transition(body: str) -> Transition:
    request = parse_body(TransitionRequest, body)
    return Transition(request.state, request.at, request.reason, request.keep_brackets)


def read_new_petition(body: str, now: datetime) -> Petition:
    """Parse a new petition, which is always a draft. Raise NotJson, or Invalid with the field errors."""
    values = _json_object(body)
    errors = _uneditable_field_errors(values, allowed={"slug": values.get("slug")})
    allowed_values = {name: value for name, value in values.items() if name not in errors}
    usual = {"opened_at": now, "retention_months": USUAL_RETENTION_MONTHS}
    petition = _valid_petition({**usual, **allowed_values, "state": PetitionState.DRAFT}, errors)
    check_texts(petition)
    check_addresses_differ(petition.letter)
    _require_members_table(petition.letter)
    return petition


def read_edit(body: str, petition: Petition, now: datetime) -> Petition:
    """Return `petition` with the edit applied. Raise NotJson, or Invalid with the field errors.

    If the body omits an editable field, those of KEPT_IF_OMITTED keep their values, and a closed one its closes_at;
    goals, privacy_url and closes_at become empty; all others are required. Fields that staff cannot edit may be sent
    with their values. `keep_brackets`: an open petition may get gaps outside its title and consents.
    """
    values = _json_object(body)
    keeps_brackets = values.pop("keep_brackets", False)
    errors = _uneditable_field_errors(values, allowed=petition_for_staff(petition, now))
    if not isinstance(keeps_brackets, bool):
        errors["keep_brackets"] = FieldError("keep_brackets", "Use true or false")
    new_values = {name: values[name] for name in EDITABLE if name in values}
    not_kept = set(EDITABLE) - KEPT_IF_OMITTED
    old_values = petition.model_dump(exclude=not_kept)
    if petition.state_at(now) is PetitionState.CLOSED:
        old_values |= {"closes_at": petition.closes_at}
    edited = _valid_petition({**old_values, **new_values}, errors)
    time_errors = _time_errors(petition, edited, now)
    if time_errors:
        raise Invalid(time_errors)
    check_texts(edited)
    if edited.state is PetitionState.OPEN:  # Also if it opens later, by itself.
        _refuse_new_gaps(petition, edited, keeps_brackets=keeps_brackets)
    if edited.letter != petition.letter:  # A stored letter may be older than these two checks.
        check_addresses_differ(edited.letter)
        _require_members_table(edited.letter)
    return edited


def petition_for_staff(petition: Petition, now: datetime) -> dict[str, Any]:
    return {
        **petition.model_dump(exclude=HIDDEN_FIELDS),
        "state": petition.state_at(now),
        "scheduled_opening": times.iso_or_none(petition.scheduled_opening(now)),
        "text_version": petition.text_version,
        "consent_version": petition.consent_version,
        "transitions": transitions(petition, now),
    }


def _json_object(body: str) -> dict[str, Any]:
    values = decode_json(body)
    if not isinstance(values, dict):
        raise Invalid([FieldError("body", "Must be a JSON object")])
    return values


def _valid_petition(values: Mapping[str, Any], errors: dict[str, FieldError]) -> Petition:
    try:
        petition = Petition.model_validate(values)
    except ValidationError as error:
        raise Invalid([*errors.values(), *field_errors(error, WORDS)]) from error
    if errors:
        raise Invalid([*errors.values()])
    return petition


def check_texts(petition: Petition) -> None:
    """Raise Invalid for characters that no header may have, and for texts that take long to read.

    Not in `Petition`: stored ones may have such texts.
    """
    texts: dict[str, str | None] = {}
    all_words: dict[str, Petition | Translation] = {"": petition}
    all_words |= {f"translations.{code}.": words for code, words in petition.translations.items()}
    for prefix, words in all_words.items():
        texts |= {f"{prefix}title": words.title, f"{prefix}charity": words.charity}
        texts[f"{prefix}letter.subject"] = words.letter.subject if words.letter else None
    errors = header_errors(texts)
    errors += [
        FieldError(f"{prefix}text", MANY_MARKS) for prefix, words in all_words.items() if has_too_many_marks(words.text)
    ]
    if errors:
        raise Invalid(errors)


def _refuse_new_gaps(before: Petition, after: Petition, *, keeps_brackets: bool) -> None:
    errors = [error for error in gap_errors(after) if error not in gap_errors(before)]
    if not errors and not keeps_brackets:
        errors = warning_of_gaps(after, before)
    if errors:
        raise Invalid(errors)


def check_addresses_differ(letter: Letter | None) -> None:
    """Raise Invalid if two targets would get two letters from each person. Not in `Letter`: stored ones may be so."""
    if letter is None:
        return
    first_with_address: dict[str, int] = {}
    for number, target in enumerate(letter.targets, 1):
        if target.email:
            first = first_with_address.setdefault(canonical_of(target.email), number)
            if first != number:
                raise Invalid([FieldError("letter.targets", SAME_ADDRESS.format(first, number))])


def _require_members_table(letter: Letter | None) -> None:
    if letter and letter.is_to_members and not has_members():
        raise Invalid([FieldError("letter.targets", NO_MEMBERS)])


def _uneditable_field_errors(values: Mapping[str, Any], allowed: Mapping[str, Any]) -> dict[str, FieldError]:
    """`allowed`: the stored values, which may be sent again."""
    errors = {}
    for name, value in values.items():
        is_unchanged = name in allowed and allowed[name] == value
        if name not in EDITABLE and not is_unchanged:
            message = "You cannot change this field here" if name in Petition.model_fields else "There is no such field"
            errors[name] = FieldError(name, message)
    return errors


def _time_errors(before: Petition, after: Petition, now: datetime) -> list[FieldError]:
    state_now, errors = before.state_at(now), []
    if after.opened_at != before.opened_at and state_now is not PetitionState.DRAFT:
        errors.append(FieldError("opened_at", "The petition has already opened, so you cannot change this"))
    # A scheduled petition is stored as open, so a past opened_at would open it at once. A draft never would.
    if before.scheduled_opening(now) and after.opened_at <= now:
        errors.append(FieldError("opened_at", "Enter a time in the future. To open the petition now, change its state"))
    if after.closes_at == before.closes_at or state_now is PetitionState.DRAFT:
        # A draft needs no check here: when it opens, the model requires that closes_at is later than opened_at.
        return errors
    if state_now in (PetitionState.CLOSED, PetitionState.REMOVED):
        errors.append(FieldError("closes_at", f"The petition is {state_now}, so you cannot change this"))
    elif after.closes_at and after.closes_at <= now:
        message = "Enter a time in the future. To close the petition now, change its state"
        errors.append(FieldError("closes_at", message))
    return errors
