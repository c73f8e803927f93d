"""Functions that a Lambda function's code names and never calls. `sites_from` follows names, so it finds them too."""

REFUSAL_NOTE = "chalicelib/staff/audit/record.py:record_refusal"
# Only the relay requests letters again.
REPEATED_LETTERS = {"chalicelib/mail/counted.py:request_again", "chalicelib/mail/counted.py:transact"}
# FEEDBACK is called only for feedback about an email, and REQUESTS only to request an email.
FEEDBACK = {f"chalicelib/{name}.py:mark_undeliverable" for name in ("letters/deliveries", "mail/counted")}
REQUESTS = {"chalicelib/mail/deliveries.py:put"}
DIGESTS = {"chalicelib/letters/digest_kind.py:put", "chalicelib/letters/digest_contents.py:find_digest"}
TEST_ADDRESS = "chalicelib/letters/target_state.py:store_test_address"
OFFER = "chalicelib/signatures/store.py:answer_offer"
# A partner's submission never changes what somebody typed here.
TYPED_HERE = "chalicelib/signatures/store.py:replace"
# By Lambda function.
NAMED_ONLY = {
    # These views never refuse an action after they have recorded it.
    "counts": {"chalicelib/staff/tokens.py:_find", "chalicelib/staff/tokens.py:record_use", REFUSAL_NOTE},
    "manage": {"chalicelib/staff/tokens.py:record_use", "chalicelib/mail/kind.py:depth", *REPEATED_LETTERS, *DIGESTS},
    "people": {"chalicelib/staff/tokens.py:_find", "chalicelib/staff/tokens.py:record_use", REFUSAL_NOTE},
    # A partner that sends a known signature causes an email only after a race. Partners answer no offer, and only an
    # import is noted on a receipt.
    "partners": {
        *("chalicelib/partners/store.py:record_import", OFFER, TYPED_HERE),
        *("chalicelib/staff/tokens.py:_find", "chalicelib/staff/tokens.py:record_use"),
        *("chalicelib/signatures/mail_state.py:nudge_mail", "chalicelib/signatures/mail_state.py:request_mail"),
    },
    # Receipts, letters and emails about updates are not urgent: send_other_mail sends them.
    "send_mail": {
        *FEEDBACK,
        *REQUESTS,
        *(f"chalicelib/letters/target_state.py:{name}" for name in ("target_state", "record_digests")),
        *("chalicelib/letters/pace.py:_take_place", *DIGESTS),
        *(f"chalicelib/letters/digest_contents.py:{name}" for name in ("seal", "unseal", "mark_ended")),
        *(f"chalicelib/letters/withdrawn.py:{name}" for name in ("take_out_late", "_take_out")),
        "chalicelib/letters/target_state.py:delete_test_address",
        "chalicelib/mail/counted.py:transact",
        "chalicelib/mail/outstanding.py:bring_walk_forward",
        "chalicelib/mail/deliveries.py:mark_sent",
        "chalicelib/mail/deliveries.py:mark_undeliverable",
        "chalicelib/mail/deliveries.py:request",
        "chalicelib/mail/outstanding.py:mark",
        *("chalicelib/letters/deliveries.py:mark_refused", "chalicelib/letters/target_state.py:pause"),
        "chalicelib/mail/budget.py:is_stopped",
        *(f"chalicelib/petitions/store.py:{name}" for name in ("find_letter", "find_texts")),
        "chalicelib/signatures/mail_state.py:mark_undeliverable",
        "chalicelib/signatures/store.py:find",
        "chalicelib/updates/find.py:find_as_stored",
    },
    "send_other_mail": {
        *FEEDBACK,
        *REQUESTS,
        "chalicelib/letters/digest_kind.py:put",
        *("chalicelib/mail/deliveries.py:request", "chalicelib/mail/deliveries.py:mark_undeliverable"),
        "chalicelib/signatures/mail_state.py:mark_undeliverable",
    },
    # The partner's usual wording is stored already.
    "run_address_job": {
        OFFER,
        TYPED_HERE,
        "chalicelib/partners/register.py:store_wording",
        *("chalicelib/signatures/mail_state.py:nudge_mail", "chalicelib/signatures/mail_state.py:request_mail"),
    },
    # A failed message of this queue waits for the visibility timeout.
    "receive_feedback": {"chalicelib/edge/batch.py:_deliver_again_in"},
    # The relay requests letters, and neither sends them nor records their outcome.
    "relay_mail": {
        *("chalicelib/mail/kind.py:depth", TEST_ADDRESS, *DIGESTS, "chalicelib/mail/state.py:_try_change"),
        *(f"chalicelib/mail/deliveries.py:{name}" for name in ("_read_outcomes", "mark_sent", "mark_undeliverable")),
    },
    "run_job": {
        "chalicelib/mail/kind.py:depth",
        *REPEATED_LETTERS,
        *DIGESTS,
        TEST_ADDRESS,
        "chalicelib/petitions/store.py:list_all",
    },
    # The sweep gets objects that have a method `claim`. Only a sender calls it.
    "check_mail": {
        *(f"chalicelib/mail/state.py:{name}" for name in ("claim", "release")),
        *REPEATED_LETTERS,
        *REQUESTS,
        TEST_ADDRESS,
    },
    # A late message for a signature with a requested email is ignored before this call.
    "store_overflow": {"chalicelib/signatures/mail_state.py:nudge_mail"},
}

# A presigned link is computed without a call.
LINKS = {"manage": {"chalicelib/exports/api.py:_link_answer", "chalicelib/exports/subscribers/api.py:link_list"}}
