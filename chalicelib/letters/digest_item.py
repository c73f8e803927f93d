"""The attributes of a digest's item that both gathering letters and taking them out need."""

from zlib import crc32

from chalicelib.aws.table import Attr

# People who withdrew while the digest was sealed: "<signature id> <slot> <area>" for each.
LATE = "late"
IS_SEALED = Attr("sealed_at").exists()
IS_UNSEALED = Attr("sealed_at").not_exists()
# Letters in their senders' own words can be shown in full. The digest's item has this many slots for such letters:
# numbered attributes, each with one signature id. A newer letter may take the slot of an older one.
OWN_WORDS_SLOTS = 20
OWN_WORDS_PREFIX = "own."
NO_SLOT = "-"


def slot_of(signature_id: str, *, has_own_words: bool) -> str:
    """Return the name of the slot for the letter of this signature, or NO_SLOT."""
    if not has_own_words:
        return NO_SLOT
    number = crc32(signature_id.encode()) % OWN_WORDS_SLOTS
    return f"{OWN_WORDS_PREFIX}{number:02}"
