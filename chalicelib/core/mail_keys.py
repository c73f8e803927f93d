"""The keys of the engine that sends email, in the counts table. keys.py describes the whole schema."""

from chalicelib.core.keys import COUNTS, LIMITS, Key

MAIL_PARTITION = "MAIL"


def mail_pause() -> Key:
    return Key(COUNTS, MAIL_PARTITION, "PAUSE")


def mail_whole_rate() -> Key:
    return Key(COUNTS, MAIL_PARTITION, "WHOLE-RATE")


def mail_sweep() -> Key:
    return Key(COUNTS, MAIL_PARTITION, "SWEEP")


# Its own partition, so that the relay cannot write the pause.
MAIL_OUTSTANDING_PARTITION = "MAIL-OUTSTANDING"


def mail_outstanding(group: str) -> Key:
    return Key(COUNTS, MAIL_OUTSTANDING_PARTITION, group)


def address_limit(address_id: str) -> Key:
    return Key(LIMITS, f"ADDRESS#{address_id}", "EMAIL")


def network_limit(network_hash: str) -> Key:
    return Key(LIMITS, f"NETWORK#{network_hash}", "EMAIL")
