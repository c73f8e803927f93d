"""What the API returns about letters and their targets."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time
from chalicelib.petitions.answers import Slug

Day = Annotated[str, Field(examples=["2026-11-24"])]


class LetterCounts(TypedDict):
    """`requested` is the sum of the other numbers. Each letter is from one person to one target."""

    requested: Number
    """Letters whose senders confirmed that they want to send them."""
    waiting: Number
    """Letters that are still to be sent."""
    sent: Number
    """Letters that the email provider accepted and that did not bounce. They were sent singly or in a digest."""
    failed: Number
    """Letters that bounced or were refused."""
    unknown: Number
    """Letters of which nobody knows whether they were sent. They do not count as sent, and are not sent again."""
    dropped: Number
    """Letters that are never sent: the person withdrew or was erased, or the target was removed."""


class LettersOfADay(TypedDict):
    """What happened to letters on one day. A letter may be requested on one day and sent on another."""

    day: Day
    requested: Number
    sent: Number
    failed: Number
    unknown: Number
    dropped: Number


class PausedMember(TypedDict):
    """A member of parliament to whom no letter is sent."""

    constituency: str
    """The constituency's name in your table of postcodes. To resume its letters, use this name in `?member=`."""
    name: str
    """The member's name. Empty if your table no longer has a member for this constituency."""
    paused_at: Time | None
    paused_why: str


class TargetLetters(LetterCounts):
    key: str
    name: str
    mode: str
    """`single`, `paced`, `digest`, or `removed` if the petition no longer has this target."""
    is_test: bool
    """True in test mode: letters go to staff, and are not counted."""
    paused: bool
    """True if no letter is sent. `paused_why` says why."""
    paused_at: Time | None
    paused_why: str
    """`bounced`; `refused`: the email provider refused a letter; `rejected`: the target's server refused three letters
    within a day of the first, or a digest; `complained`: the target complained; `staff`; or empty."""
    members: bool
    """True if each letter goes to the member of parliament for its sender's postcode."""
    paused_members: list[PausedMember]
    """The members to whom no letter is sent. All other members get their letters."""
    days: list[LettersOfADay]
    """The numbers of each day (UTC) with changes, oldest first. The sums over all days are the numbers above."""


class StaffLetters(TypedDict):
    slug: Slug
    targets: list[TargetLetters]
    as_of: Time
    """The time at which these numbers were exact."""


class TargetPause(TypedDict):
    slug: Slug
    key: str
    paused: bool
    member: str
    """The constituency, if only one member of parliament was paused or resumed; otherwise empty."""


class LetterTest(TypedDict):
    slug: Slug
    key: str
    sent_to: str
