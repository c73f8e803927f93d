"""The keys of the engine that sends email. keys.py describes the other keys.

A group is all partitions (buckets) with the signatures of one petition, or with the deliveries of one kind of email:
signatures/<slug>, or deliveries/<kind>.

COUNTS      MAIL                   SENDING          until when no email is sent, or confirmations use the whole rate
                                                    (mail/sending.py)
            MAIL                   SWEEP            where mail/sweep.py continues its pass over unmarked groups
            MAIL-OUTSTANDING       <group>          a marker: this group perhaps has open mail requests
LIMITS      ADDRESS#<hash>         EMAIL            one address: when it may get email, and its owner's choices
            NETWORK#<hash>         EMAIL            one client network: until when its first emails are scheduled
"""

from chalicelib.core.keys import COUNTS, LIMITS, Key

MAIL_PARTITION = "MAIL"


def mail_sending() -> Key:
    return Key(COUNTS, MAIL_PARTITION, "SENDING")


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
