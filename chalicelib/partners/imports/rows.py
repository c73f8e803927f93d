"""One row of a file as a signature of the partner."""

from collections.abc import Mapping
from datetime import UTC, datetime

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.partners.form import SentSignature, read_signature
from chalicelib.partners.model import Partner

YES = frozenset({"true", "yes", "1", "y", "x"})
WRONG_CELLS = FieldError("row", "This row has more or fewer cells than there are headings")


def read_row(record: Mapping[str, str] | None, row: int, partner: Partner, now: datetime) -> SentSignature:
    """Return the signature, with the partner's usual consent. Raise Invalid."""
    if record is None:
        raise Invalid([WRONG_CELLS])
    person = {name: record[name] for name in ("name", "email", "country", "postcode") if record.get(name)}
    consent = {
        "wording": partner.wording,
        "version": partner.version,
        "obtained_at": _moment(record.get("obtained_at"), now),
        "updates": (record.get("updates") or "").casefold() in YES,
    }
    raw = {"email": "", "name": "", **person, "identifier": record.get("identifier") or None, "consent": consent}
    return read_signature(raw, partner, now, row, may_lack_identifier=True)


def _moment(text: str | None, now: datetime) -> object:
    """Return the moment; `now` if there is no text, and the text itself if it is no moment: validation refuses it.

    Times without a zone are UTC. 03/04/2026 is 3 April, as the UK writes it.
    """
    if not text:
        return now
    iso_text = text.replace("Z", "+00:00")
    for date_format in (None, "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"):
        try:
            moment = datetime.strptime(text, date_format) if date_format else datetime.fromisoformat(iso_text)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return text
