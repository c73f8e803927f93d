"""Read all signatures of a petition. Each Lambda function reads only the attributes that its IAM role allows.

They are spread over 64 buckets. Each function below reads one, page by page in the order of the ids. An id is a hash:
this order does not reveal who signed when.
"""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.aws.table import Attr, Item, Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.signatures.model import Signature, SignatureState

# The functions may read no other attributes (stack/template/rights.py).
RECOUNT_FIELDS = (
    "state", "country", "source", "counted_source", "by_partner", "signed_at", "confirmed_at", "withdrawn_at",
    "pending_again_at", "removed_at", "owner_confirmed_at", "moved_at",
)  # fmt: skip
REMINDER_FIELDS = ("sk", "state", "mailed_at", "mail_kind", "reminded_at", "undeliverable", "held")
UPDATE_FIELDS = ("sk", "state", "updates", "undeliverable")
OPT_IN_LIST_FIELDS = ("sk", "state", "updates", "undeliverable", "email", "name", "language", "confirmed_at")
# What `manage.py letters` reads, to find letters that were not requested because the stream lost a confirmation.
LETTER_FIELDS = ("pk", "sk", "state", "letter", "confirmed_at")
EXPORT_FIELDS = (
    "state", "name", "postcode", "country", "source", "signed_at", "confirmed_at", "withdrawn_at",
    "pending_again_at", "removed_at", "text_version", "consent_version",
)  # fmt: skip
SIFT_FIELDS = (
    "sk", "state", "signed_at", "submitted_at", "obtained_by", "channel", "text_version", "consent_version", "name",
    "email", "country", "source", "counted_source", "by_partner", "network", "held", "confirmed_at", "removal",
    "removed_from", "owner_confirmed_at", "mails", "undeliverable",
)  # fmt: skip


def read_for_export(slug: str, bucket: str, tables: Tables) -> Iterator[Item]:
    return tables.query(keys.SIGNATURES, keys.signature_partition(slug, bucket), consistent=True, only=EXPORT_FIELDS)


def read_subscribers(slug: str, bucket: str, after: str, limit: int, tables: Tables) -> tuple[list[Item], str | None]:
    """Read at most `limit` signatures after the id `after`. Return the subscribers, and the last id that was read.

    Subscribers are confirmed, and want updates. Some may be undeliverable. The id is None at the end of the bucket. The
    read is eventually consistent. The items have no name and no email.
    """
    start = Key(keys.SIGNATURES, keys.signature_partition(slug, bucket), after)
    is_subscriber = Attr("state").eq(SignatureState.CONFIRMED) & Attr("updates").eq(True)
    return tables.page(start, UPDATE_FIELDS, is_subscriber, limit)


def read_unconfirmed(
    slug: str, bucket: str, after: str, limit: int, mailed_before: datetime, tables: Tables
) -> tuple[list[Item], str | None]:
    """Read as `read_subscribers` does. Return those who got their email before then and may be reminded to confirm."""
    start = Key(keys.SIGNATURES, keys.signature_partition(slug, bucket), after)
    is_unconfirmed = Attr("state").eq(SignatureState.PENDING) & Attr("mailed_at").lte(iso(mailed_before))
    has_no_request = Attr("mail_kind").not_exists() & Attr("reminded_at").not_exists() & Attr("held").not_exists()
    may_be_reminded = is_unconfirmed & has_no_request & Attr("undeliverable").not_exists()
    return tables.page(start, REMINDER_FIELDS, may_be_reminded, limit)


def read_for_opt_in_list(slug: str, bucket: str, tables: Tables) -> Iterator[Item]:
    """Yield the bucket's confirmed signatures, with and without `updates`.

    The list also has the people who were on an earlier list and then unsubscribed, with their names and addresses.
    """
    partition = keys.signature_partition(slug, bucket)
    for item in tables.query(keys.SIGNATURES, partition, consistent=True, only=OPT_IN_LIST_FIELDS):
        if item["state"] == SignatureState.CONFIRMED:
            yield item


def read_letter_senders(
    slug: str, bucket: str, after: str, limit: int, tables: Tables
) -> tuple[list[Item], str | None]:
    """Read at most `limit` signatures after the id `after`. Return the confirmed ones with a letter, and the last id.

    The last id is None at the end of the bucket. Only for `manage.py letters`, because the items contain the letters.
    """
    sends_letter = Attr("state").eq(SignatureState.CONFIRMED) & Attr("letter").exists()
    start = Key(keys.SIGNATURES, keys.signature_partition(slug, bucket), after)
    return tables.page(start, LETTER_FIELDS, sends_letter, limit)


def read_for_recount(slug: str, bucket: str, tables: Tables) -> Iterator[Item]:
    return tables.query(keys.SIGNATURES, keys.signature_partition(slug, bucket), consistent=True, only=RECOUNT_FIELDS)


def read_for_sifting(
    slug: str, bucket: str, after: str, limit: int, tables: Tables
) -> tuple[list[tuple[Key, Signature]], str | None]:
    """Read at most `limit` signatures after the id `after`, without the withdrawn ones. Return them, and the last id.

    The read is consistent: whoever signed before the job began is found.
    """
    start = Key(keys.SIGNATURES, keys.signature_partition(slug, bucket), after)
    is_live = Attr("state").ne(SignatureState.WITHDRAWN)
    items, last = tables.page(start, SIFT_FIELDS, is_live, limit)
    return [(keys.signature(slug, item["sk"]), Signature.model_validate(item)) for item in items], last
