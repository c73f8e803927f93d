"""The tests' people and helpers for them. Alice signs, Bob is staff, Charlie has no rights."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from chalicelib.aws.email import Mail
from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys
from chalicelib.core.address import signature_id
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.core.keys import Key
from chalicelib.core.rights import Right
from chalicelib.core.tokens import Purpose, Subject
from chalicelib.mail.kind import MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.edit import publish
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import level_now
from chalicelib.signatures.confirm import confirm, read_corrections
from chalicelib.signatures.form import SignatureForm
from chalicelib.signatures.model import NewSignature, SignatureState
from chalicelib.signatures.sign import Outcome, SigningContext, SignResult, own_origin, sign
from chalicelib.staff.tokens import issue
from tests.conditions import copy_item
from tests.fakes import FakeQueue, FakeTables

OPENED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

SECRET = "a-secret-for-signature-ids"
TOKEN_KEYS = {"v1": "an-older-token-key", "v2": "the-newest-token-key"}
LIMIT_KEYS = {"v1": "a-key-for-limits"}
# The keys that the CDN sends to the API.
ORIGIN_KEYS = {"OriginKey": "the-key-of-the-cdn", "OriginKeyToo": "its-next-key"}
# Headers of a request that a visitor with the address 203.0.113.7 sends through the CDN.
THROUGH_THE_CDN = {"x_forwarded_for": "203.0.113.7, 198.51.100.7", "x_origin_verify": ORIGIN_KEYS["OriginKey"]}
# The purposes of the links in a signature's emails.
LINKS = (Purpose.CONFIRM, Purpose.WITHDRAW, Purpose.UNSUBSCRIBE)
SITE = "https://petitions.example"


@dataclass(frozen=True)
class Person:
    name: str
    email: str


ALICE = Person("Alice Achterberg", "alice.achterberg@mail.example")
BOB = Person("Bob Bakker", "bob.bakker@charity.example")
CHARLIE = Person("Charlie Coster", "charlie.coster@mail.example")


def a_petition(**changes: Any) -> Petition:
    values: dict[str, Any] = {
        "slug": "safe-children",
        "title": "Keep trafficked children safe",
        "summary": "Children who were trafficked need people who keep them safe.",
        "text": "We ask for specialist support.\n\nWe ask for it now.",
        "target": "the Home Secretary",
        "charity": "Harbour for Children",
        "privacy_contact": "privacy@harbour.example",
        "sign_wording": "I sign, and my name may be handed over",
        "updates_wording": "Send me updates",
        "goal": 10_000,
        "opened_at": OPENED,
        "shards": 3,
    }
    return Petition.model_validate(values | changes)


WELSH = {
    "title": "Cadwch blant sydd wedi’u masnachu yn ddiogel",
    "summary": "Mae angen pobl sy’n eu cadw’n ddiogel ar blant sydd wedi’u masnachu.",
    "text": "Gofynnwn am gymorth arbenigol.\n\nGofynnwn amdano nawr.",
    "target": "yr Ysgrifennydd Cartref",
    "sign_wording": "Rwy’n llofnodi, a gellir trosglwyddo fy enw",
    "updates_wording": "Anfonwch newyddion ataf",
}


def a_published_petition(tables: Tables, **changes: Any) -> Petition:
    petition = a_petition(**changes)
    return publish(petition, max(petition.opened_at, OPENED), tables)


def json_of(person: Person = ALICE, /, **changes: Any) -> dict[str, Any]:
    """The body of `POST /api/petitions/{slug}/signatures`."""
    return {"name": person.name, "email": person.email, "consent": {"sign": True}} | changes


def fields_of(person: Person = ALICE, /, **changes: str) -> dict[str, str]:
    """The fields of the hosted form, with the box ticked."""
    return {"name": person.name, "email": person.email, "country": "GB", "consent.sign": "yes"} | changes


def a_form(person: Person = ALICE, *, updates: bool = False, **changes: Any) -> SignatureForm:
    consent = {"sign": True, "updates": updates}
    return SignatureForm.model_validate(json_of(person, consent=consent) | changes)


def a_mail_context(deliver: Callable[[Mail], object] = lambda _: None) -> MailContext:
    """A mail context that passes each email to `deliver`, which takes no time."""

    def deliver_at_once(mail: Mail) -> timedelta:
        deliver(mail)
        return timedelta()

    return MailContext(SITE, TOKEN_KEYS, LIMIT_KEYS, deliver_at_once)


@cache
def _published() -> tuple[Petition, dict[Key, Item]]:
    tables = FakeTables()
    return a_published_petition(tables), tables.items


def store_published_petition(tables: FakeTables) -> Petition:
    """Store and return what `a_published_petition` makes. Publishing is a large part of a short test: do it once."""
    petition, items = _published()
    tables.items |= {key: copy_item(item) for key, item in items.items()}
    return petition


def identity_of(petition: Petition, person: Person = ALICE) -> str:
    return _identity(petition.slug, person)


@cache
def _identity(slug: str, person: Person) -> str:
    return signature_id(slug, a_form(person).email.canonical, SECRET)


def signed(tables: Tables, petition: Petition, person: Person = ALICE, now: datetime = NOW, **changes: Any) -> str:
    """Sign, and return the id of the signature, new or not. Raise Unavailable if the table fails."""
    return sign_by_form(petition, now, a_signing_context(tables), person, **changes).signature_id


def sign_by_form(
    petition: Petition,
    now: datetime,
    context: SigningContext,
    person: Person = ALICE,
    network: str | None = None,
    **changes: Any,
) -> SignResult:
    form = a_form(person, **changes)
    return sign(form, petition, own_origin(petition, "form", form.source, network), now, context)


def overflow_message(petition: Petition, now: datetime = NOW, person: Person = ALICE, **changes: Any) -> NewSignature:
    """Sign while the table fails, and return the message as the worker reads it from the overflow queue."""
    tables, queue = FakeTables(), FakeQueue()
    context = a_signing_context(tables, lambda: queue)
    tables.fail_next(Throttled("storage"))
    assert sign_by_form(petition, now, context, person, **changes).outcome is Outcome.OVERFLOWED
    return NewSignature.model_validate(queue.messages[0])


def no_queue() -> Queue:
    raise Unavailable("queue")


def a_signing_context(tables: Tables, overflow_queue: Callable[[], Queue] = no_queue) -> SigningContext:
    """The context of a warm process, which has read the level of load shedding."""
    level_now(tables)
    return SigningContext(tables, overflow_queue, {"v1": SECRET})


def subject_of(petition: Petition, identity: str, country: str = "GB", source: str = "direct") -> Subject:
    return Subject(petition.slug, identity, country, source)


def confirmed(tables: Tables, petition: Petition, person: Person = ALICE, now: datetime = NOW, **changes: Any) -> str:
    """Sign and confirm at the same time, and return the signature's id."""
    identity = signed(tables, petition, person, now, **changes)
    subject = subject_of(petition, identity, changes.get("country", "GB"), changes.get("source") or "direct")
    done = confirm(subject, read_corrections({}, subject.country), petition, now, tables)
    assert done.state is SignatureState.CONFIRMED
    return identity


def key_of(petition: Petition, identity: str) -> Key:
    return keys.signature(petition.slug, identity)


def item_of(tables: Tables, petition: Petition, identity: str) -> dict[str, Any]:
    """Return the item with its keys; empty if it is absent."""
    return tables.get(key_of(petition, identity), consistent=True) or {}


def change_item(tables: FakeTables, petition: Petition, identity: str, **changes: Any) -> None:
    tables.items[key_of(petition, identity)].update(changes)


def request_of(tables: Tables, petition: Petition, identity: str) -> MailRequest:
    """Return the message that the relay makes from this signature's item."""
    item = item_of(tables, petition, identity)
    return SIGNATURE_KINDS[item["mail_kind"]].state.request_of(item)


def claim_mail(tables: Tables, petition: Petition, identity: str, now: datetime, lease: timedelta = MINUTE) -> None:
    """Claim the signature's requested email, as a sender does. Raise ConditionFailed."""
    request = request_of(tables, petition, identity)
    SIGNATURE_KINDS[request.kind].state.claim(request, now, lease, tables)


def bobs_token(tables: Tables, now: datetime = NOW, *rights: Right) -> str:
    """Issue Bob a token that is valid for a day; by default it may read counts."""
    return issue("bob", rights or [Right.COUNTS], now, now + DAY, tables)
