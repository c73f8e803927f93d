"""Convert a row of a partner's CSV file to a signature, and keep the first rows of a file for staff to look at.

The first rows have names and addresses, so they are in the bucket, which deletes them after LIFETIME.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from chalicelib.aws.bucket import Bucket
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.times import iso
from chalicelib.partners.form import SentSignature, read_signature
from chalicelib.partners.imports.model import Import
from chalicelib.partners.model import Partner

if TYPE_CHECKING:
    from chalicelib.partners.answers import FirstRow


PERSON_FIELDS = ("name", "email", "country", "postcode")
# By the names of our fields. None if the row has too many or too few cells.
Record = Mapping[str, str] | None
# "-18:30" is a time: no zone is that far west.
_DATE_AND_ZONE = re.compile(r"(\d{4}-?\d\d-?\d\d)([+-](?:0\d|1[0-4])(?::?\d\d)?)", re.ASCII)
YES = frozenset({"true", "yes", "1", "y", "x"})
WRONG_CELL_COUNT = FieldError("row", "This row has more or fewer cells than there are headings")
MAX_FIRST_ROWS = 5
LIFETIME = timedelta(days=7)  # ImportsGoAfterTheirTime in stack/template/site.yaml.


def read_row(record: Record, row: int, partner: Partner, zone: ZoneInfo, now: datetime) -> SentSignature:
    """Return the signature, with the partner's usual wording of the consent. Raise Invalid."""
    if record is None:
        raise Invalid([WRONG_CELL_COUNT])
    person = {field: record[field] for field in PERSON_FIELDS if record.get(field)}
    updates = record.get("updates") or ""
    consent = {
        "wording": partner.wording,
        "version": partner.version,
        "obtained_at": _moment(record.get("obtained_at"), zone, now),
        "updates": updates.casefold() in YES,
    }
    identifier = record.get("identifier") or None
    # Without the keys email and name, `read_signature` would refuse `raw` before it checks the other fields, and staff
    # would not see all errors.
    raw = {"email": "", "name": "", **person, "identifier": identifier, "consent": consent}
    return read_signature(raw, partner, now, row, may_lack_identifier=True)


def _moment(text: str | None, zone: ZoneInfo, now: datetime) -> object:
    """Return `now` if there is no text, and a malformed text as it is. 03/04/2026 is 3 April, as in the UK.

    When clocks go back, an hour occurs twice: take the first, so that no consent seems to be newer than it is. When
    they go forward, an hour is left out: read it as if they had not gone forward yet.
    """
    if not text:
        return now
    iso_text = text.replace(" UTC", "Z")  # Rails writes 2026-11-24 12:00:00 UTC.
    iso_text = iso_text.replace("Z", "+00:00")
    if found := _DATE_AND_ZONE.fullmatch(iso_text):  # Between a date and a time, `fromisoformat` accepts any character.
        iso_text = "T00:00".join(found.groups())
    for date_format in (None, "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"):  # None: ISO 8601
        try:
            moment = datetime.strptime(text, date_format) if date_format else datetime.fromisoformat(iso_text)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return text


def store_first_rows(job: Import, signatures: Iterable[SentSignature | Invalid], path: Path, bucket: Bucket) -> None:
    """A repeat replaces them. `path`: where to write a file before it is uploaded."""
    valid = (signature for signature in signatures if isinstance(signature, SentSignature))
    path.write_text(json.dumps([_first_row(signature) for signature in islice(valid, MAX_FIRST_ROWS)]))
    bucket.put_file(_key(job), path, "application/json")


def find_first_rows(job: Import, now: datetime, bucket: Bucket) -> "list[FirstRow]":
    if not job.has_first_rows or now >= job.requested_at + LIFETIME:
        return []
    content = BytesIO()
    bucket.copy_to(_key(job), content)
    rows: list[FirstRow] = json.loads(content.getvalue())
    return rows


def _first_row(signature: SentSignature) -> "FirstRow":
    form = signature.form
    return {
        "row": signature.row or 0,
        "name": form.name,
        "email": form.email.deliverable,
        "country": form.country,
        "postcode": form.postcode,
        "updates": form.consent.updates,
        "obtained_at": iso(signature.consent.obtained_at),
    }


def _key(job: Import) -> str:
    return f"imports/{job.job_id}/first-rows"
