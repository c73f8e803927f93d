"""The keys of the engine that sends email, in the tables COUNTS and LIMITS. keys.py says what each item is."""

from chalicelib.core.keys import COUNTS, LIMITS, Key

MAIL_PARTITION = "MAIL"


def mail_pause() -> Key:
    return Key(COUNTS, MAIL_PARTITION, "PAUSE")


def mail_whole_rate() -> Key:
    return Key(COUNTS, MAIL_PARTITION, "WHOLE-RATE")


def mail_sweep() -> Key:
    return Key(COUNTS, MAIL_PARTITION, "SWEEP")


# Markers have a partition of their own. So IAM allows the relay (mail/relay.py) to write markers, but not the pause.
MAIL_OUTSTANDING_PARTITION = "MAIL-OUTSTANDING"


def mail_outstanding(group: str) -> Key:
    return Key(COUNTS, MAIL_OUTSTANDING_PARTITION, group)


def address_limit(address_id: str) -> Key:
    return Key(LIMITS, f"ADDRESS#{address_id}", "EMAIL")


def network_limit(network_hash: str) -> Key:
    return Key(LIMITS, f"NETWORK#{network_hash}", "EMAIL")
