"""One row of a file as a signature of the partner."""

from collections.abc import Mapping
from datetime import UTC, datetime

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.partners.form import SentSignature, read_sent
from chalicelib.partners.model import Partner

AGREED = frozenset({"true", "yes", "1", "y", "x"})
CELLS = FieldError("row", "This row has more or fewer cells than there are headings")


def read_row(record: Mapping[str, str] | None, row: int, partner: Partner, now: datetime) -> SentSignature:
    """Return the signature. Raise Invalid. The consent is the partner's usual one."""
    if record is None:
        raise Invalid([CELLS])
    person = {name: record[name] for name in ("name", "email", "country", "postcode") if record.get(name)}
    consent = {
        "wording": partner.wording,
        "version": partner.version,
        "obtained_at": _moment(record.get("obtained_at"), now),
        "updates": (record.get("updates") or "").casefold() in AGREED,
    }
    raw = {"email": "", "name": "", **person, "identifier": record.get("identifier") or None, "consent": consent}
    return read_sent(raw, partner, now, row, may_lack_identifier=True)


def _moment(text: str | None, now: datetime) -> object:
    """Return a moment. Without a zone it is UTC; day-first dates are read as the UK writes them."""
    if not text:
        return now
    for form in (None, "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"):
        try:
            moment = datetime.strptime(text, form) if form else datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return text
