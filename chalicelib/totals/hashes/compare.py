"""Prepare a comparison of a source's hashes with our signers: check the figure, and make the job.

A source is another platform. It hashes the email addresses of its signers.
"""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex

from chalicelib.aws.table import Tables
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.jobs.files import Unreadable, file_key
from chalicelib.jobs.model import new_id
from chalicelib.petitions.figure import Figure, FigureKind, NewFigure
from chalicelib.totals.hashes.key import find_key
from chalicelib.totals.hashes.model import HashComparison
from chalicelib.totals.hashes.run import parsed_hash


def with_count(new: NewFigure) -> NewFigure:
    """Return the figure with its count. If the request lists hashes, the count is the number of different hashes.

    Raise Invalid in these cases:
    - the kind is `hashes`, and the request has both `hashes` and `upload`, or neither;
    - the kind is another one, and the request has `hashes` or `upload`;
    - the request lists hashes, and has a count that differs from the number of different hashes;
    - the request lists no hashes, and has no count;
    - the request lists something that is not a hash.
    """
    sent_hash_fields = [each for each in (new.hashes, new.upload) if each is not None]
    expected_number = 1 if new.kind is FigureKind.HASHES else 0
    if len(sent_hash_fields) != expected_number:
        message = (
            'A figure of the kind "hashes" needs either hashes or the upload of a file with hashes. Other kinds take '
            "neither"
        )
        raise Invalid([FieldError("hashes", message)])
    if new.hashes is not None:
        distinct = _count_different(new.hashes)
        if new.count not in (None, distinct):
            message = f"There are {distinct:,} different hashes. You can leave the count out"
            raise Invalid([FieldError("count", message)])
        return new.model_copy(update={"count": distinct})
    if new.count is None:
        raise Invalid([FieldError("count", "Enter a whole number, 0 or more")])
    return new


def _count_different(hashes: Sequence[str]) -> int:
    try:
        return len({parsed_hash(line, number) for number, line in enumerate(hashes, 1)})
    except Unreadable as error:
        raise Invalid([FieldError("hashes", str(error))]) from error


def require_key(slug: str, source: str, tables: Tables) -> None:
    """Raise Invalid unless the source has a key for this petition."""
    if find_key(slug, source, tables) is None:
        message = "This source has no key yet. Issue a key first: the source needs it to make the hashes"
        raise Invalid([FieldError("source", message)])


def new_comparison(slug: str, figure: Figure, upload: str | None, owner: str, now: datetime) -> HashComparison:
    """Return the job, which the caller must start. Without an upload, the caller must also store the job's file."""
    moment = now.replace(microsecond=0)  # As these times are stored.
    return HashComparison(
        job_id=new_id(slug, moment),
        requested_by=owner,
        requested_at=moment,
        touched_at=moment,
        figure=figure,
        file=file_key(slug, upload or token_hex(16)),
    )
