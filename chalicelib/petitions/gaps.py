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
    gaps = _gaps(petition, always_refused=True)
    return [FieldError(field, f"Replace the text in [square brackets] in {name}") for field, name in gaps]


def other_gaps(petition: Petition) -> str:
    """Return the names of the other texts that have gaps, with commas between them; "" if there are none."""
    names = [name for _, name in _gaps(petition, always_refused=False)]
    return ", ".join(dict.fromkeys(names))


def _gaps(petition: Petition, *, always_refused: bool) -> Iterator[tuple[str, str]]:
    """Yield the field and a name of each text with a gap: of title and consents, or else of the other texts."""
    for field, text in _texts(petition.model_dump(include=_SEARCHED), ""):
        last = field.rpartition(".")[2]
        if (last in _ALWAYS_REFUSED) is always_refused and _GAP.search(text):
            language = _IN_TRANSLATION.match(field)
            name = _ALWAYS_REFUSED.get(last) or ("the letter" if "letter." in field else f"the {last}")
            yield field, f"{name} ({language[1]})" if language else name


def _texts(value: object, field: str) -> Iterator[tuple[str, str]]:
    """Yield the name of the field and the text, for each text in the value."""
    if isinstance(value, str):
        yield field, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _texts(member, f"{field}.{name}" if field else str(name))
