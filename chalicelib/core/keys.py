"""The keys of the items in the tables, except those of letters (letter_keys.py).

A petition's signatures are spread over 64 partitions, the buckets. SIGNATURES holds the personal data of supporters,
and COUNTS holds none of it. So IAM can allow a function to read counts but no names. The stream of SIGNATURES reports
no change of the tally (the count), because the tally is in COUNTS. Functions for staff may add items to AUDIT, but no
code changes an item. DELIVERIES holds the state of each email that is not about a signature, without personal data.
LIMITS holds the limits of email, under hashes of addresses and networks. Items of DELIVERIES and LIMITS expire, except
the item of an address whose owner has stopped email.

    SIGNATURES  <slug>#<bucket>        <signature id>   one signature; its key makes signing idempotent
    COUNTS      PETITIONS              <slug>           one petition and its settings
                SLUGS                  ALL              the slugs of all petitions (petitions.find)
                PICTURE#<slug>         <digest>         a picture that staff uploaded, as JPEG in base64
                TEXT#<slug>            <version>        a text and its consent wordings, as signed
                TALLY#<slug>#<shard>   <day>            one of the parts (shards) of one day's count
                TALLY#<slug>           HEAD             the total of all closed days, and the date of the last one
                TALLY#<slug>           DAY#<day>        the count of a day that is over (closed), summed over its shards
                TALLY#<slug>           ADJUSTED#<time>  the numbers that a repair added (tallies.prove.adjust)
                SNAPSHOT#<slug>        COUNT            the public numbers, and leases: until when only one caller may
                                                        refresh them. Without slug: the lease for the list of petitions
                PENDING#<slug>#<bucket> COUNT           counted from the stream: the pending signatures, and the
                                                        confirmed ones by version, postcode area and updates
                CONSTITUENCIES#<slug>#<bucket> <group>  from the stream: confirmed by constituency. <group>: 1 of 16
                FUNNEL#<slug>#<bucket> <day>            from the stream: how many passed each stage that day (funnel)
                FUNNEL-DAYS#<slug>     <day>            the funnel of a closed day, summed over its buckets
                TOKENS                 <id>             a token of staff or of a partner, hashed
                STATEMENT#<code>       TOKEN            the token of a statement, by its short address
                SHEDDING               LEVEL            the level of load shedding, and the watch: which networks,
                                                        domains and petitions ask for a proof of work (shedding/watch)
                READINESS              LATEST           what `make ready` found last: whether the AWS account is ready
                MAIL                   SENDING          until when no email is sent, or confirmations use the whole rate
                                                        (mail/sending.py)
                MAIL                   SWEEP            where mail/sweep.py continues its pass over unmarked groups
                MAIL-OUTSTANDING       <group>          a marker: this group perhaps has open mail requests
                PARTNERS               <source>         one partner and its settings; <source> is the partner's id
                WORDING#<source>       <version>        a consent wording of a partner, as people agreed to it
                RECEIPT#<slug>#<source>#<bucket> <digest> the record of one signature from a partner; <digest> is a hash
                                                        of the partner's own id of the signature. It has only ids
                JOB#<kind>#<key>       <job id>         one job, such as an export: its request, progress and result
                JOB#<kind>#<key>       LATEST           the id of the latest of these jobs: only one runs at a time
                UPDATES#<slug>         <update id>      one update to those who signed
    AUDIT       <year>-<month>         <time>#<random>  one action of a member of staff
    DELIVERIES  <kind>#<bucket>        <key>            the state of one email, such as a letter (mail/deliveries.py)
    LIMITS      ADDRESS#<hash>         EMAIL            one address: when it may get email, and its owner's choices
                NETWORK#<hash>         EMAIL            one client network: until when its first emails are scheduled
                DOMAIN#<hash>          EMAIL            one domain: how many of its addresses got a first email lately

A group is all partitions (buckets) with the signatures of one petition, or with the deliveries of one kind of email:
signatures/<slug>, or deliveries/<kind>.
"""

from datetime import date
from typing import NamedTuple
from zlib import crc32

SIGNATURES = "signatures"
COUNTS = "counts"
AUDIT = "audit"
DELIVERIES = "deliveries"
LIMITS = "limits"
TABLES = (SIGNATURES, COUNTS, AUDIT, DELIVERIES, LIMITS)

# 64 partitions are enough: each takes 1,000 writes a second, and a table 40,000. One BatchGetItem can read 64 items.
PARTITIONS = 64
BUCKETS = tuple(f"{number:02x}" for number in range(PARTITIONS))

PETITIONS_PARTITION = "PETITIONS"
TOKENS_PARTITION = "TOKENS"
PARTNERS_PARTITION = "PARTNERS"
MAIL_PARTITION = "MAIL"
# Markers have a partition of their own. So IAM allows the relay (mail/relay.py) to write markers, but not the pause.
MAIL_OUTSTANDING_PARTITION = "MAIL-OUTSTANDING"


class Key(NamedTuple):
    table: str
    pk: str
    sk: str


def signature(slug: str, signature_id: str) -> Key:
    """The id is a hash: it spreads a petition's signatures evenly over BUCKETS."""
    return Key(SIGNATURES, signature_partition(slug, bucket_of(signature_id)), signature_id)


def signature_partition(slug: str, bucket: str) -> str:
    return f"{slug}#{bucket}"


def bucket_of(signature_id: str) -> str:
    return BUCKETS[int(signature_id[:2], 16) % len(BUCKETS)]


def slug_of(signature_pk: str) -> str:
    return signature_pk.rpartition("#")[0]


def petition(slug: str) -> Key:
    return Key(COUNTS, PETITIONS_PARTITION, slug)


def slugs() -> Key:
    # A partition of its own: otherwise, every list of petitions would read this item.
    return Key(COUNTS, "SLUGS", "ALL")


def text_partition(slug: str) -> str:
    return f"TEXT#{slug}"


def picture(slug: str, digest: str) -> Key:
    return Key(COUNTS, f"PICTURE#{slug}", digest)


def petition_text(slug: str, version: str) -> Key:
    return Key(COUNTS, text_partition(slug), version)


def tally_shard(slug: str, shard: int, day: date) -> Key:
    return Key(COUNTS, f"TALLY#{slug}#{shard:03}", day.isoformat())


def tally_partition(slug: str) -> str:
    return f"TALLY#{slug}"


def tally_head(slug: str) -> Key:
    return Key(COUNTS, tally_partition(slug), "HEAD")


def tally_day(slug: str, day: date) -> Key:
    return Key(COUNTS, tally_partition(slug), f"DAY#{day.isoformat()}")


def tally_adjustment(slug: str, moment: str) -> Key:
    return Key(COUNTS, tally_partition(slug), f"ADJUSTED#{moment}")


def removal_counts(slug: str, removal: str) -> Key:
    return Key(COUNTS, f"REMOVALS#{slug}", removal)


def snapshot(slug: str) -> Key:
    return Key(COUNTS, f"SNAPSHOT#{slug}", "COUNT")


def current_numbers(slug: str, bucket: str) -> Key:
    # The pending and confirmed signatures of one bucket: one partition does not take 10,000 writes a second.
    return Key(COUNTS, f"PENDING#{slug}#{bucket}", "COUNT")


def constituencies(slug: str, bucket: str, group: int) -> Key:
    return Key(COUNTS, f"CONSTITUENCIES#{slug}#{bucket}", f"{group:02}")


def funnel(slug: str, bucket: str, day: date) -> Key:
    return Key(COUNTS, f"FUNNEL#{slug}#{bucket}", day.isoformat())


def funnel_days_partition(slug: str) -> str:
    # Not FUNNEL#, so that the role which stores these sums of past days has no right to write the counts behind them.
    return f"FUNNEL-DAYS#{slug}"


def funnel_day(slug: str, day: date) -> Key:
    return Key(COUNTS, funnel_days_partition(slug), day.isoformat())


def shedding_level() -> Key:
    return Key(COUNTS, "SHEDDING", "LEVEL")


def access_token(token_id: str) -> Key:
    return Key(COUNTS, TOKENS_PARTITION, token_id)


def audit_entry(moment: str, nonce: str) -> Key:
    """`moment` is ISO 8601 with microseconds, so that entries sort by time."""
    return Key(AUDIT, audit_partition(moment), f"{moment}#{nonce}")


def audit_partition(moment: str) -> str:
    return moment[:7]  # The year and month: 2026-11.


def job(kind: str, job_id: str) -> Key:
    """A job's id is <key>.<time>-<random>, and its <key> has no dot."""
    key = job_id.partition(".")[0]
    return Key(COUNTS, job_partition(kind, key), job_id)


def job_partition(kind: str, key: str) -> str:
    # The kind is first, so that a role can be limited to the jobs of one kind.
    return f"JOB#{kind}#{key}"


def latest_job(kind: str, key: str) -> Key:
    return Key(COUNTS, job_partition(kind, key), "LATEST")


def updates_partition(slug: str) -> str:
    return f"UPDATES#{slug}"


def update(slug: str, update_id: str) -> Key:
    return Key(COUNTS, updates_partition(slug), update_id)


def delivery(kind: str, sort_key: str) -> Key:
    """A hash of `sort_key` spreads a kind's deliveries evenly over BUCKETS."""
    bucket = BUCKETS[crc32(sort_key.encode()) % len(BUCKETS)]
    return Key(DELIVERIES, delivery_partition(kind, bucket), sort_key)


def delivery_partition(kind: str, bucket: str) -> str:
    return f"{kind}#{bucket}"


def statement(code: str) -> Key:
    return Key(COUNTS, f"STATEMENT#{code}", "TOKEN")


def mail_sending() -> Key:
    return Key(COUNTS, MAIL_PARTITION, "SENDING")


def mail_sweep() -> Key:
    return Key(COUNTS, MAIL_PARTITION, "SWEEP")


def mail_outstanding(group: str) -> Key:
    return Key(COUNTS, MAIL_OUTSTANDING_PARTITION, group)


def address_limit(address_id: str) -> Key:
    return Key(LIMITS, f"ADDRESS#{address_id}", "EMAIL")


def network_limit(network_hash: str) -> Key:
    return Key(LIMITS, f"NETWORK#{network_hash}", "EMAIL")


def domain_limit(domain_hash: str) -> Key:
    return Key(LIMITS, f"DOMAIN#{domain_hash}", "EMAIL")


def partner(source: str) -> Key:
    return Key(COUNTS, PARTNERS_PARTITION, source)


def partner_wording(source: str, version: str) -> Key:
    return Key(COUNTS, f"WORDING#{source}", version)


def receipt(slug: str, source: str, digest: str) -> Key:
    """`digest` is an HMAC. It spreads the receipts evenly over BUCKETS."""
    return Key(COUNTS, receipt_partition(slug, source, bucket_of(digest)), digest)


def receipt_partition(slug: str, source: str, bucket: str) -> str:
    return f"RECEIPT#{slug}#{source}#{bucket}"


def readiness() -> Key:
    return Key(COUNTS, "READINESS", "LATEST")
