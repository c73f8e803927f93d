"""The model of a petition: its settings and texts, its state at a given time, and the versions of its texts.

A version is a digest of texts. Each signature stores the versions of the texts that its signer agreed to.
"""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from chalicelib.core.language import ENGLISH
from chalicelib.core.models import FrozenClosedModel, FrozenModel
from chalicelib.core.times import LONDON, Moment, in_zone, months_after
from chalicelib.petitions.figure import MAX_FIGURES, Figure, current_figures
from chalicelib.petitions.letter import Letter, version_of_letter
from chalicelib.petitions.text import (
    Code,
    EmailAddress,
    Line,
    NextStep,
    Prose,
    PublicText,
    ShareText,
    Summary,
    Translation,
    Wording,
    digest,
    version_of,
)

# Strict, so that pydantic refuses a text such as "1_000" instead of converting it to a number.
Goal = Annotated[int, Field(gt=0, le=100_000_000, strict=True)]
# Numbers that are worth naming when they pass, whatever the goals are.
POWERS_OF_TEN = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
MAX_SITES = 20
# What a new petition starts with: enough to hand it in and to get an answer.
USUAL_RETENTION_MONTHS = 24
# Plain http is allowed only for localhost, so that people can try the frame on their own machine.
SITE_PATTERN = (
    r"^(?:https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}|http://(?:localhost|127\.0\.0\.1))"
    r"(?::[0-9]{1,5})?$"
)
SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$"
DIGEST_PATTERN = r"^[0-9a-f]{16}$"
# Shards are the items over which a day's counts are spread. One BatchGetItem (100 keys at most) reads a day's shards.
MAX_SHARDS = 90
CONFIRM_AFTER_CLOSE = timedelta(hours=24)
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN), Field(examples=["protect-trafficked-children"])]
Reason = Wording
RetentionMonths = Annotated[int, Field(ge=1, le=120, strict=True)]


def _check_zone(name: str) -> str:
    if name != LONDON:  # The cold start of signing loads no zones for the usual one.
        in_zone(datetime(2000, 1, 1, tzinfo=UTC), name)
    return name


TimeZone = Annotated[
    str, StringConstraints(max_length=60), AfterValidator(_check_zone), Field(examples=["Europe/London"])
]


def check_rising(goals: list[int]) -> None:
    for earlier, later in pairwise(goals):
        if later <= earlier:
            raise ValueError(f"Each goal must be higher than the one before: {later:,} follows {earlier:,}")


def _checked_origin(site: str) -> str:
    """Return the site. Raise ValueError unless it is exactly an origin: we copy it into Content-Security-Policy."""
    is_origin = len(site) <= 200 and re.fullmatch(SITE_PATTERN, site) is not None
    if not is_origin:
        raise ValueError("Enter a site without a path, such as https://www.charity.example")
    return site


SiteOrigin = Annotated[
    str,
    AfterValidator(_checked_origin),
    WithJsonSchema(
        {"type": "string", "pattern": SITE_PATTERN, "maxLength": 200, "examples": ["https://www.charity.example"]}
    ),
]


class PetitionState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"
    REMOVED = "removed"


class ShareWay(StrEnum):
    """A way to share that a page offers. The device's own share sheet and a copied link need no other site."""

    DEVICE = "device"
    WHATSAPP = "whatsapp"
    FACEBOOK = "facebook"
    BLUESKY = "bluesky"
    X = "x"
    EMAIL = "email"
    COPY = "copy"
    QR = "qr"


class Picture(FrozenClosedModel):
    """The petition's picture, for its page and for shared links."""

    digest: Annotated[str, StringConstraints(pattern=DIGEST_PATTERN), Field(examples=["0123456789abcdef"])]
    """Of its content. Its address is `/petitions/{slug}/pictures/{digest}`."""
    width: int
    height: int
    alts: dict[Code, Line]
    """What the picture shows, for people who do not see it, by language."""


class PublicRemoval(FrozenModel):
    """A removal of signatures that were not genuine: `count` are still removed, `put_back` count again. Days in UTC."""

    id: str
    count: int
    on: str
    reason: str
    put_back: int = 0
    put_back_on: str | None = None

    @property
    def taken_out(self) -> int:
        """Return how many it took out of the count, whatever was put back since."""
        return self.count + self.put_back

    @property
    def day(self) -> datetime:
        return _day(self.on)

    @property
    def put_back_day(self) -> datetime | None:
        return _day(self.put_back_on) if self.put_back_on else None

    @property
    def sentence(self) -> str:
        """In English, for statements and covers."""
        were = "signature was" if self.taken_out == 1 else "signatures were"
        undone = f" (put back on {self.put_back_day:%-d %B %Y}: {self.put_back:,})" if self.put_back_day else ""
        return f"{self.taken_out:,} {were} removed on {self.day:%-d %B %Y}: {self.reason}{undone}"


def _day(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+00:00")


class Petition(FrozenClosedModel):
    """The settings of one petition, as in its file and in its table item."""

    slug: Slug
    """The petition's name in URLs."""
    title: Line
    """The petition in one line."""
    summary: Summary
    """For lists and shared links."""
    text: Prose
    """The petition's text in Markdown: paragraphs, headings, lists, quotes, emphasis, and links to https addresses."""
    target: Line
    """Who the petition is addressed to."""
    charity: Line
    """The charity that runs the petition and is responsible for the data."""
    privacy_contact: EmailAddress
    """An email address for questions about data."""
    privacy_url: Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=500)] | None = None
    """The charity's general privacy policy."""
    sign_wording: Wording
    """What people agree to when they sign."""
    updates_wording: Wording
    """What people agree to when they ask for updates."""
    state: PetitionState = PetitionState.OPEN
    goal: Goal
    """The first goal."""
    goals: Annotated[list[Goal], Field(max_length=20)] = []
    """Further goals, each higher than the one before, starting above `goal`. When one is reached, the next is shown."""
    opened_at: Moment
    """When the petition opens. Can only be changed while the petition is a draft."""
    closes_at: Annotated[Moment | None, Field(validate_default=True)] = None
    """When the petition closes, or null for no end."""
    handed_in_at: Moment | None = None
    """When the signatures were handed in. The page shows the day."""
    response: Prose | None = None
    """What the target answered. Empty lines separate paragraphs."""
    responded_at: Moment | None = None
    """When the response came."""
    # More shards allow more confirmations a second. May grow at any time; must never shrink.
    shards: int = Field(default=10, ge=1, le=MAX_SHARDS)
    # The version of the secret from which signature ids are made. If it changed, everybody could sign again.
    key_version: str = "v1"
    revision: Annotated[int, Field(ge=0)] = 0
    """Increases with every edit, so that an edit based on a stale revision is rejected."""
    paused_at: Moment | None = None
    """When the petition was paused."""
    removed_reason: Reason | None = None
    """Why the petition was removed. Its page shows the reason."""
    receipt: bool = False
    """Whether people get a second email after they confirm. It doubles the cost and the sending time of emails."""
    language: Code = ENGLISH
    """The language of the texts above."""
    translations: dict[Code, Translation] = {}
    """The texts in other languages, by code."""
    letter: Letter | None = None
    """A letter that signers can send to the petition's targets."""
    time_zone: TimeZone = LONDON
    """The zone of the times on its pages and in its emails, by its IANA name. They also say the time in UTC."""
    embed_on: Annotated[list[SiteOrigin], Field(max_length=MAX_SITES)] = []
    """The sites that may show the form and the counter in a frame, each as an origin: `https://www.charity.example`."""
    share_text: ShareText | None = None
    """What people send when they share after signing, without the link. Null: a text of ours, in each language."""
    share_ways: list[ShareWay] = list(ShareWay)
    """The ways to share that the pages show. Empty: they offer no sharing."""
    next_step: NextStep | None = None
    """What the page after a confirmation asks people to do next."""
    picture: Picture | None = None
    """Uploaded on its own: `PUT …/picture`."""
    figures: Annotated[list[Figure], Field(max_length=MAX_FIGURES)] = []
    """Every figure of signatures collected elsewhere, in the order in which staff entered them."""

    retention_months: RetentionMonths | None = None
    """How many months after its closing or hand-in, whichever is later, the personal data must be gone. Null: not set.
    If staff do not give it, a new petition gets 24.
    """
    emptied_at: Moment | None = None
    """When staff had the personal data of its signatures removed. Since then the petition is closed for good."""

    # Each text that the public could read, with the time from which on it could. Empty: only the present one.
    public_texts: list[PublicText] = []
    # The newest last. Only `store_removals` writes them. An edit leaves them as they are.
    removals: list[PublicRemoval] = []

    # Set by in_language: the petition before translation. All versions are digests of that petition's texts.
    _untranslated: "Petition | None" = PrivateAttr(default=None)

    @field_validator("goals")
    @classmethod
    def _check_goals(cls, goals: list[int], info: ValidationInfo) -> list[int]:
        first_goals = [info.data["goal"]] if "goal" in info.data else []  # `goal` is missing if it is invalid.
        check_rising(first_goals + goals)
        return goals

    @field_validator("translations")
    @classmethod
    def _check_languages(cls, translations: dict[str, Translation], info: ValidationInfo) -> dict[str, Translation]:
        if info.data.get("language") in translations:
            raise ValueError("This is the petition’s main language. Leave it out here")
        return translations

    @field_validator("closes_at")
    @classmethod
    def _check_closes_at(cls, closes_at: datetime | None, info: ValidationInfo) -> datetime | None:
        # A closed petition needs closes_at, because confirmation links work until a day after closes_at.
        if closes_at is None and info.data.get("state") is PetitionState.CLOSED:
            raise ValueError("a closed petition needs closes_at")
        if closes_at and "opened_at" in info.data and closes_at <= info.data["opened_at"]:
            raise ValueError("must be later than the opening time")
        return closes_at

    def goal_at(self, count: int) -> int:
        """Return the first goal above `count`, or the last goal when all are reached."""
        higher = [goal for goal in self.all_goals if goal > count]
        return higher[0] if higher else self.all_goals[-1]

    @property
    def all_goals(self) -> list[int]:
        return [self.goal, *self.goals]

    @property
    def milestones(self) -> list[int]:
        return sorted({*POWERS_OF_TEN, *self.all_goals})

    @property
    def elsewhere(self) -> int:
        """Return the largest current figure from elsewhere: at least so many people signed."""
        return max((figure.count for figure in current_figures(self.figures)), default=0)

    @property
    def text_version(self) -> str:
        return self._digest("title", "text", "target")

    @property
    def consent_version(self) -> str:
        return self._digest("sign_wording", "updates_wording")

    @property
    def letter_version(self) -> str:
        """Return "" if there is no letter."""
        untranslated = self._untranslated or self  # `in_language` sets _untranslated.
        return version_of_letter(untranslated.letter, untranslated.translations)

    @property
    def languages(self) -> list[str]:
        return [self.language, *self.translations]

    def in_language(self, code: str) -> "Petition":
        """Return the petition in this language. Texts without a translation stay in the main language."""
        translation = self.translations.get(code)
        if translation is None:
            return self
        texts = translation.model_dump(exclude_none=True, exclude={"letter", "next_step"})
        # Without a translation, pages share a text of ours in this language.
        texts["share_text"] = translation.share_text
        texts["letter"] = self.letter and self.letter.translated(translation.letter)
        texts["next_step"] = translation.next_step or self.next_step
        translated = self.model_copy(update=texts)
        translated._untranslated = self  # Its versions must be those of the untranslated texts.
        return translated

    def _digest(self, *names: str) -> str:
        untranslated = self._untranslated or self  # `in_language` sets _untranslated.
        parts = [getattr(untranslated, name) for name in names]
        for code, translation in sorted(untranslated.translations.items()):
            texts = [getattr(translation, name, None) or "" for name in names]
            parts += [code, *texts]
        return digest(*parts)

    @property
    def version(self) -> str:
        """Both versions in one string, as a stored PetitionText has it."""
        return version_of(self.text_version, self.consent_version)

    def state_at(self, now: datetime) -> PetitionState:
        """Return the state: a petition stored as open is a draft before opened_at, and closed from closes_at on."""
        if self.state is not PetitionState.OPEN:
            return self.state
        if self.scheduled_opening(now):
            return PetitionState.DRAFT
        is_over = self.closes_at is not None and now >= self.closes_at
        return PetitionState.CLOSED if is_over or self.emptied_at else PetitionState.OPEN

    def scheduled_opening(self, now: datetime) -> datetime | None:
        opens_later = self.state is PetitionState.OPEN and now < self.opened_at
        return self.opened_at if opens_later else None

    def is_confirmable_at(self, now: datetime) -> bool:
        """Return whether people can confirm: if removed never, if paused always, else until a day after closes_at."""
        if self.state is PetitionState.REMOVED or self.emptied_at:
            return False
        is_in_time = self.closes_at is None or now < self.closes_at + CONFIRM_AFTER_CLOSE
        return is_in_time or self.state is PetitionState.PAUSED

    @property
    def data_due_at(self) -> datetime | None:
        """When the personal data of its signatures must be gone. None: no months are set, or it has no end yet."""
        has_end = self.closes_at is not None or self.state is PetitionState.REMOVED
        ends = [moment for moment in (self.closes_at, self.handed_in_at) if moment]
        if self.retention_months is None or not has_end or not ends:
            return None
        return months_after(max(ends), self.retention_months)

    def is_kept_at(self, now: datetime) -> bool:
        """Return whether the personal data of its signatures may still be used.

        Once it is due, all code treats it as removed, also before staff had it removed. An open petition keeps it.
        """
        if self.emptied_at:
            return False
        has_ended = self.state_at(now) in (PetitionState.CLOSED, PetitionState.REMOVED)
        return not has_ended or self.data_due_at is None or now < self.data_due_at
