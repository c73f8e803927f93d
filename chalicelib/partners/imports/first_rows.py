"""The first rows of a file as they would be stored: in a dry run, staff see whether letters and times are read rightly.

These rows have names and addresses, so they are not in the import's item. The bucket deletes them after LIFETIME.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.aws.bucket import Bucket
from chalicelib.core.errors import Invalid
from chalicelib.core.times import iso
from chalicelib.partners.form import SentSignature
from chalicelib.partners.imports.model import Import

if TYPE_CHECKING:
    from chalicelib.partners.answers import FirstRow

MAX_FIRST_ROWS = 5
LIFETIME = timedelta(days=7)  # ImportsGoAfterTheirTime in stack/template/storage.py.


def store_first_rows(job: Import, signatures: Iterable[SentSignature | Invalid], path: Path, bucket: Bucket) -> None:
    """Store the first valid rows. A repeat replaces them. `path`: where to write a file before it is uploaded."""
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
