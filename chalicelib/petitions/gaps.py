"""Gaps: text in [square brackets], as in the dashboard's template. Staff replace it before the public reads it."""

import re
from collections.abc import Iterator

from chalicelib.core.errors import FieldError
from chalicelib.petitions.model import Petition

# Without a bracket inside, so that the time of the search is proportional to the length.
_GAP = re.compile(r"\[[^\[\]]{2,}\]")
# The public never reads gaps in these.
_ALWAYS_REFUSED = {
    "title": "the title",
    "sign_wording": "the consent to sign",
    "updates_wording": "the consent to receive updates",
    "send_wording": "the consent to send the letter",
    "reply_wording": "the consent to replies",
}
_SEARCHED = {"summary", "text", "target", "charity", "letter", "translations", *_ALWAYS_REFUSED}
_IN_TRANSLATION = re.compile(r"translations\.([^.]+)\.")


def gap_errors(petition: Petition) -> list[FieldError]:
    """Return an error for each text in which no open petition may have gaps: the title and the consents."""
    texts = dict.fromkeys((field, name) for field, name, _ in _gaps(petition, always_refused=True))
    return [FieldError(field, f"Replace the text in [square brackets] in {name}") for field, name in texts]


def warning_of_gaps(petition: Petition, before: Petition | None = None) -> list[FieldError]:
    """Return an error that names the texts of `other_gaps`, or []. Staff may keep these gaps: `keep_brackets`."""
    names = other_gaps(petition, before)
    message = f"There is still text in [square brackets], which the public would read, in {names}"
    return [FieldError("keep_brackets", message)] if names else []


def other_gaps(petition: Petition, before: Petition | None = None) -> str:
    """Return the names of the other texts that have gaps, with commas between them; "" if there are none.

    `before`: the petition before an edit. The gaps that its texts have already are left out.
    """
    known = {(field, gap) for field, _, gap in _gaps(before, always_refused=False)} if before else set()
    gaps = _gaps(petition, always_refused=False)
    names = [name for field, name, gap in gaps if (field, gap) not in known]
    return ", ".join(dict.fromkeys(names))


def _gaps(petition: Petition, *, always_refused: bool) -> Iterator[tuple[str, str, str]]:
    """Yield the field and name of a text, and a gap in it: of title and consents, or else of the other texts."""
    for field, text in _texts(petition.model_dump(include=_SEARCHED), ""):
        last = field.rpartition(".")[2]
        if (last in _ALWAYS_REFUSED) is always_refused:
            language = _IN_TRANSLATION.match(field)
            name = _ALWAYS_REFUSED.get(last) or ("the letter" if "letter." in field else f"the {last}")
            for gap in _GAP.findall(text):
                yield field, f"{name} ({language[1]})" if language else name, gap


def _texts(value: object, field: str) -> Iterator[tuple[str, str]]:
    """Yield the name of the field and the text, for each text in the value."""
    if isinstance(value, str):
        yield field, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _texts(member, f"{field}.{name}" if field else str(name))
