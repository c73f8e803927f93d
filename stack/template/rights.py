"""What each function may do: one line for each power. `power.py` explains the words.

The policies of the functions' roles, the table in docs/deploy.md and the judge (stack/judge) follow from this file. A
test fails if a call of a function is not allowed here, and if any power here is not needed by a call.

Names and addresses are in the table SIGNATURES, so powers over it are also limited to attributes where a function
needs only some. Deliveries, limits and counts have none, except the addresses for tests of letters, under TARGET#*.
"""

from chalicelib.core.keys import AUDIT, COUNTS, DELIVERIES, LIMITS, SIGNATURES
from chalicelib.core.settings import Reputation
from chalicelib.delivery.worker import KINDS
from chalicelib.mail.deliveries import Deliveries
from chalicelib.retention.run import FOLDERS
from chalicelib.signatures.model import EMPTIED_FIELDS
from stack.template.cfn import Template
from stack.template.power import (
    BATCH_GET,
    DESCRIBE,
    GET,
    PUT,
    QUERY,
    UPDATE,
    asks,
    delays,
    deletes_files,
    follows,
    leaves_failures,
    lists_files,
    may,
    measures,
    reads_files,
    receives,
    sends,
    sends_email,
    switches,
    writes_files,
    writes_log,
)

# The emails whose state is in the table DELIVERIES.
EMAILS = tuple(f"{name}#*" for name, kind in KINDS.items() if isinstance(kind.state, Deliveries))
# What a function may read of a signature, or change in it. Only the last two lists have names or addresses to read.
MAIL_REQUEST = "mail_kind, mail_requested_at, mail_claimed_until, mail_queued_at, mail_due_at, undeliverable"
UNDELIVERABLE = (
    "email, undeliverable, updates, mail_kind, mail_requested_at, mail_nudged_at, mail_claimed_until, mail_queued_at,"
    " mail_due_at, mail_network, mail_began_at"
)
COUNTED = (
    "state, country, source, counted_source, by_partner, signed_at, confirmed_at, withdrawn_at, pending_again_at,"
    " removed_at, owner_confirmed_at, moved_at"
)
REMINDED = "state, mailed_at, mail_kind, reminded_at, undeliverable, held"
ASKED_FOR_UPDATES = "state, updates, undeliverable"
HANDED_OVER = (
    "state, name, postcode, country, source, signed_at, confirmed_at, withdrawn_at, pending_again_at, removed_at,"
    " text_version, consent_version"
)
SIFTED = (
    "state, signed_at, submitted_at, obtained_by, channel, text_version, consent_version, name, email, country, source,"
    " counted_source, by_partner, network, held, confirmed_at, removal, removed_from, owner_confirmed_at, mails,"
    " undeliverable"
)
EMPTIED = ", ".join(("state", "emptied_at", *EMPTIED_FIELDS))
LISTED = "state, updates, undeliverable, email, name, language, confirmed_at"

_READS_THE_STREAM = (follows(SIGNATURES), asks("dynamodb:ListStreams"), leaves_failures("stream"))

_JOBS = ("JOB#export#*", "JOB#reminding#*", "JOB#retention#*", "JOB#update#*")

RIGHTS: dict[str, tuple[Template, ...]] = {
    # Functions that serve routes, and the authorizers.
    "api_handler": (
        may(PUT + UPDATE, SIGNATURES, returns="NONE, ALL_OLD"),
        may(DESCRIBE, SIGNATURES),
        may(GET + QUERY + BATCH_GET, COUNTS, "PETITIONS", "SLUGS", "TALLY#*", "SNAPSHOT#*", "SHEDDING", "UPDATES#*"),
        may(BATCH_GET, COUNTS, "TEXT#*"),
        may(UPDATE, COUNTS, "TALLY#*", "SNAPSHOT#*"),
        may(DESCRIBE, COUNTS),
        sends("overflow"),
        measures("mail", "other_mail", "overflow"),
    ),
    "links": (
        may(GET + UPDATE, SIGNATURES),
        may(GET + BATCH_GET, COUNTS, "PETITIONS", "SLUGS"),
        may(UPDATE, COUNTS, "TALLY#*"),
        may(GET + UPDATE, LIMITS, "ADDRESS#*"),
    ),
    "counts": (
        may(
            GET + QUERY + BATCH_GET,
            COUNTS,
            *("PETITIONS", "SLUGS", "TALLY#*", "SNAPSHOT#*", "PENDING#*", "CONSTITUENCIES#*", "FUNNEL#*"),
            *("FUNNEL-DAYS#*", "STATEMENT#*", "MAIL", "READINESS", "SHEDDING", "PICTURE#*"),
        ),
        may(BATCH_GET, COUNTS, "JOB#update#*", "UPDATES#*"),
        may(QUERY, COUNTS, "LETTERS#*", "TARGET#*"),
        may(PUT + UPDATE, COUNTS, "TALLY#*", "SNAPSHOT#*", "FUNNEL-DAYS#*", "STATEMENT#*"),
        may(PUT, AUDIT),
        measures("mail", "other_mail", "overflow"),
    ),
    "manage": (
        may(
            GET + QUERY,
            COUNTS,
            *("PETITIONS", "TEXT#*", "TOKENS", "PARTNERS", "UPDATES#*", "JOB#*", "SHEDDING"),
        ),
        may(GET, COUNTS, "REMOVALS#*"),
        may(GET + QUERY + BATCH_GET, COUNTS, "TALLY#*"),
        may(BATCH_GET, COUNTS, "PENDING#*"),
        may(
            PUT + UPDATE,
            COUNTS,
            *("PETITIONS", "SLUGS", "TEXT#*", "LETTER#*", "TALLY#*", "SNAPSHOT#*"),
            *("TOKENS", "UPDATES#*", "JOB#*"),
        ),
        may(PUT, COUNTS, "PARTNERS", "WORDING#*", "PICTURE#*"),
        may(UPDATE, COUNTS, "MAIL-OUTSTANDING"),
        may(UPDATE, COUNTS, "SHEDDING", only="proof_asked"),
        may(UPDATE, COUNTS, "TARGET#*", returns="NONE"),
        may(PUT + QUERY, AUDIT),
        may(PUT, DELIVERIES, "update-test#*", "letter-test#*", "invitation#*"),
        sends("other_mail", "jobs", "address_jobs"),
        writes_files("imports/*"),
        reads_files("imports/*/first-rows", "files/*"),
        asks("ses:GetSuppressedDestination"),
        asks("ses:GetAccount"),
        measures("other_mail"),
    ),
    "people": (
        may(GET + BATCH_GET + UPDATE, SIGNATURES),
        may(GET + BATCH_GET + QUERY, COUNTS, "PETITIONS", "TEXT#*", "LETTER#*", "WORDING#*"),
        may(UPDATE, COUNTS, "TALLY#*"),
        may(PUT, AUDIT),
        may(GET + UPDATE, LIMITS, "ADDRESS#*"),
        may(GET, DELIVERIES, "letter#*"),
        may(PUT, DELIVERIES, "my-signatures#*", "move#*", "move-over#*"),
        may(UPDATE, COUNTS, "MAIL-OUTSTANDING"),
        sends("other_mail"),
        measures("overflow"),
    ),
    "sign_in": (
        may(GET + PUT + UPDATE, COUNTS, "TOKENS"),
        may(PUT, AUDIT),
    ),
    "partners": (
        may(GET + PUT + UPDATE, SIGNATURES),
        may(GET + BATCH_GET + QUERY, COUNTS, "PETITIONS", "SLUGS", "PARTNERS", "SHEDDING", "TALLY#*", "SNAPSHOT#*"),
        may(BATCH_GET, COUNTS, "RECEIPT#*"),
        may(PUT, COUNTS, "RECEIPT#*", "WORDING#*"),
        may(UPDATE, COUNTS, "TALLY#*", "SNAPSHOT#*", "RECEIPT#*"),
        sends("overflow"),
    ),
    "authorizer": (may(GET + UPDATE, COUNTS, "TOKENS"),),
    # Signatures that wait, and numbers derived from signatures.
    "store_overflow": (
        may(PUT + UPDATE, SIGNATURES, returns="NONE, ALL_OLD"),
        receives("overflow"),
        delays("overflow"),
    ),
    "project_signatures": (
        *_READS_THE_STREAM,
        may(UPDATE, COUNTS, "PENDING#*", "CONSTITUENCIES#*", "FUNNEL#*"),
    ),
    "recount_tallies": (
        may(QUERY, SIGNATURES, only=COUNTED),
        may(GET + QUERY + BATCH_GET, COUNTS, "PETITIONS", "TALLY#*", "PENDING#*"),
    ),
    # Email.
    "relay_mail": (
        *_READS_THE_STREAM,
        may(GET, COUNTS, "PETITIONS", "LETTER#*"),
        may(UPDATE, COUNTS, "LETTERS#*", "DIGEST#*", "MAIL-OUTSTANDING"),
        may(PUT, DELIVERIES, "letter#*", "letter-test#*"),
        may(GET + UPDATE, DELIVERIES, "letter#*"),
        sends("mail", "other_mail"),
    ),
    "send_mail": (
        may(UPDATE, SIGNATURES),
        may(GET, COUNTS, "PETITIONS", "MAIL", "SHEDDING"),
        may(UPDATE, COUNTS, "MAIL"),
        may(UPDATE, COUNTS, "SHEDDING", only="watched"),
        may(UPDATE, LIMITS, "ADDRESS#*", "NETWORK#*", "DOMAIN#*"),
        receives("mail"),
        delays("mail"),
        sends_email(Reputation.SIGNATURES),
    ),
    "send_other_mail": (
        may(GET + UPDATE, SIGNATURES),
        may(GET, COUNTS, "PETITIONS", "MAIL", "UPDATES#*", "LETTER#*", "TARGET#*", "DIGEST#*", "TOKENS", "SHEDDING"),
        may(BATCH_GET, COUNTS, "TEXT#*"),
        may(UPDATE, COUNTS, "MAIL", "LETTERS#*", "TARGET#*", "DIGEST#*", "MAIL-OUTSTANDING"),
        may(UPDATE, DELIVERIES, *EMAILS),
        may(GET, LIMITS, "ADDRESS#*"),
        may(UPDATE, COUNTS, "SHEDDING", only="watched"),
        may(UPDATE, LIMITS, "ADDRESS#*", "NETWORK#*", "DOMAIN#*"),
        receives("other_mail"),
        delays("other_mail"),
        sends_email(*Reputation),
    ),
    "check_mail": (
        may(QUERY, SIGNATURES, only=MAIL_REQUEST),
        may(UPDATE, SIGNATURES, only="mail_requested_at, mail_queued_at"),
        may(GET + QUERY, COUNTS, "PETITIONS", "DIGEST#*"),
        may(GET + PUT + UPDATE, COUNTS, "MAIL"),
        may(QUERY, COUNTS, "TARGET#*"),
        may(QUERY + UPDATE, COUNTS, "MAIL-OUTSTANDING"),
        may(UPDATE, COUNTS, "DIGEST#*"),
        may(QUERY + UPDATE, DELIVERIES, *EMAILS),
        may(PUT, DELIVERIES, "letter-digest#*"),
        sends("mail", "other_mail"),
        measures("mail", "other_mail"),
        asks("ses:GetAccount"),
        switches("send_mail", "send_other_mail"),
    ),
    "receive_feedback": (
        may(UPDATE, SIGNATURES, only=UNDELIVERABLE),
        may(GET, COUNTS, "DIGEST#*"),
        may(UPDATE, COUNTS, "LETTERS#*"),
        may(UPDATE, COUNTS, "TARGET#*", returns="NONE"),
        may(UPDATE, DELIVERIES, *EMAILS),
        may(GET, DELIVERIES, "letter#*", "letter-digest#*"),
        receives("feedback"),
    ),
    # Jobs. A job goes on by a message to its own queue. Only address jobs see email addresses: imports, and lists of
    # those who asked for updates.
    "run_job": (
        may(QUERY, SIGNATURES, only=HANDED_OVER),
        may(QUERY, SIGNATURES, only=ASKED_FOR_UPDATES),
        may(QUERY, SIGNATURES, only=REMINDED),
        may(UPDATE, SIGNATURES, only=f"{REMINDED}, mail_requested_at, expires_at"),
        # The end of a petition's retention: it removes names and addresses, and cannot read one.
        may(QUERY, SIGNATURES, only="emptied_at"),
        may(QUERY, SIGNATURES, only="emptied_at, name, email, postcode, letter, letter_asked", counts=True),
        may(UPDATE, SIGNATURES, only=EMPTIED),
        may(QUERY + UPDATE, COUNTS, "RECEIPT#*"),
        may(GET, COUNTS, "PETITIONS", "UPDATES#*", *_JOBS),
        may(UPDATE, COUNTS, "UPDATES#*", *_JOBS, "MAIL-OUTSTANDING"),
        may(PUT + QUERY, DELIVERIES, "update#*"),
        may(PUT, AUDIT),
        sends("other_mail", "jobs"),
        receives("jobs"),
        delays("jobs"),
        writes_files("parts/exports/*", "files/exports/*"),
        reads_files("parts/exports/*"),
        deletes_files(*(f"{folder}/*" for folder in FOLDERS)),
        lists_files(*(f"{folder}/*" for folder in FOLDERS)),
    ),
    "run_address_job": (
        may(QUERY, SIGNATURES, only=LISTED),
        may(GET + PUT + UPDATE, SIGNATURES),
        may(QUERY, SIGNATURES, only=SIFTED),
        may(GET, COUNTS, "PETITIONS", "PARTNERS", "SHEDDING", "JOB#import#*", "JOB#list#*", "JOB#removal#*"),
        may(GET + BATCH_GET, COUNTS, "TALLY#*"),
        may(GET, COUNTS, "REMOVALS#*"),
        may(BATCH_GET + QUERY + PUT, COUNTS, "RECEIPT#*"),
        may(UPDATE, COUNTS, "PETITIONS", "TALLY#*", "REMOVALS#*", "RECEIPT#*"),
        may(UPDATE, COUNTS, "JOB#import#*", "JOB#list#*", "JOB#removal#*"),
        may(BATCH_GET, LIMITS, "ADDRESS#*"),
        sends("overflow", "address_jobs"),
        receives("address_jobs"),
        delays("address_jobs"),
        writes_files("parts/lists/*", "files/lists/*", "listed/*", "imports/*/first-rows"),
        reads_files("parts/lists/*", "listed/*", "imports/*"),
        deletes_files("parts/lists/*", "files/lists/*", "listed/*", "imports/*"),
        lists_files("parts/lists/*", "files/lists/*", "listed/*", "imports/*"),
    ),
}


def declared_policies() -> dict[str, Template]:
    """Return the policy of each function's role."""
    return {
        function: {"Version": "2012-10-17", "Statement": [*powers, writes_log(function)]}
        for function, powers in RIGHTS.items()
    }
