"""Personal data stands only where docs/privacy.md says, and after its end nowhere else.

Canaries come in at every entrance, then everything runs. A new place fails these tests until the page and DATA_MAP name
it. Files that are encrypted are not read.
"""

import json
import re
from collections.abc import Iterator

import pytest

from chalicelib.core import keys
from chalicelib.delivery.worker import KINDS
from stack.paths import ROOT
from tests.actors import DAY
from tests.conftest import ENVIRONMENT
from tests.fake_site import wire
from tests.flows.canaries import Search
from tests.flows.story import CANARIES, Story
from tests.flows.watched import Places, WatchedSite
from tests.log_lines import captured_log

PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
SEARCH = Search(CANARIES.values())

# Words of the page, and the places that they allow, with the kinds of personal data there.
DataMap = dict[str, dict[str, str]]
PETITION, PERSON = "/api/staff/petitions/{slug}", "/api/staff/people/{slug}/{signature_id}"
WHO, ALL = "address name postcode", "address name postcode words"
# What stays after the end of a signature, and until when.
STAFF_AND_SES: DataMap = {
    "of an invitation also the address": {"counts TOKENS invited_email": "address"},
    "| SES events: topic, queue, dead letters | a report": {"dead letters of feedback": "address"},
}
DEAD_SIGNATURES: DataMap = {"a signature in the overflow queue or its dead letters": {"dead letters of overflow": ALL}}
MOVED_BACK_LATE: DataMap = {
    "moves back from the overflow queue's dead letters after that": {
        "signatures name": "name", "signatures email": "address", "signatures postcode": "postcode",
        "signatures letter": "words",
    },
}  # fmt: skip
FILES: DataMap = {
    "- exported files": {"bucket files/exports": "name postcode"},
    "`imports/<id>/first-rows` | **the first five rows**": {"bucket imports/…/first-rows": WHO},
}
DATA_MAP: DataMap = {
    **STAFF_AND_SES, **DEAD_SIGNATURES, **FILES,
    "| `name`, `email`, `country` |": {"signatures name": "name", "signatures email": "address"},
    "| `postcode` | if given": {"signatures postcode": "postcode"},
    "| `typed` | what the person typed here": {"signatures typed": "name postcode"},
    "| `letter` | if the person sends one": {"signatures letter": "words"},
    "| `letter_asked` | a letter that": {"signatures letter_asked": "words"},
    "| `moving` | the address": {"signatures moving": "address"},
    "| overflow queue, its dead letters | **whole signatures**": {"queue overflow": ALL},
    "bounce, rejection or complaint, **with the address**": {"queue feedback": "address"},
    "`parts/` | the same": {"bucket parts/exports": "name postcode", "bucket parts/lists": "address name"},
    "`imports/` | **a partner's file with names and addresses**": {"bucket imports/…/file": ALL},
    "**rarer first names and domains**": {"counts JOB#removal effect": "address name"},
    "until publishing, addresses of tests": {"counts UPDATES tests": "address"},
    "the address of a test until it is sent": {"counts TARGET test": "address"},
    "| the recipient's mailbox and provider |": {
        **dict.fromkeys(("email confirm", "email confirm-imported", "email reminder"), WHO),
        **dict.fromkeys(("email receipt", "email update"), "address name"),
        **{f"email {kind}": "address" for kind in ("already-signed", "my-signatures", "move", "invitation")},
        **{f"email {kind}": "address" for kind in ("update-test", "letter-test")},
    },
    "| the targets' mailboxes |": {"email letter": ALL, "email letter-digest": ALL},
    "| the person, by the link in the email |": {"answer GET /confirm": ALL},
    "It shows personal data, so the link opens": {
        "answer GET /my-signatures": WHO, "answer POST /my-signatures/change": WHO,
        "answer POST /my-signatures/file": ALL,
    },
    "what was just typed": {
        "answer POST /petitions/{slug}/signatures": WHO, "answer POST /my-signatures": "address",
        "answer POST /confirm": "name",
    },
    "| a partner |": {
        "answer POST /api/partner/petitions/{slug}/signatures": "address",
        "answer POST /api/osdi/petitions/{slug}/record": "address",
    },
    "| staff with `people` | one person's signatures": {
        "answer POST /api/staff/people/find": WHO, f"answer GET {PERSON}": WHO,
        f"answer POST {PERSON}/access": ALL, f"answer POST {PERSON}/file": ALL,
    },
    "they choose the addresses of targets and of test mode": {
        f"answer POST {PETITION}/letters/{{target}}/test": "address",
    },
    "the addresses of colleagues whom they invite": {
        "answer POST /api/staff/invitations": "address", "answer GET /api/staff/tokens": "address",
    },
}  # fmt: skip
# What the story could not plant or send: a search for an unknown person stores nothing, and `move-over` is no email.
LEFT_NOTHING, NO_EMAIL = {"found", "unknown"}, {"move-over"}
# Who stands in the emails to whom: the same person, who has corrected or moved what was signed.
SAME_PERSON = {
    "form": {"corrected"},
    "json": {"owncorrected", "moved"},
    "moved": {"json", "owncorrected"},
    "partner": {"typed"},
}
# By the heading of the signature's table: the attributes of an item, and what a withdrawal removes.
ATTRIBUTES = PAGE.partition("## One signature")[2].partition("\n## ")[0]
REMOVED = re.compile(r"^\| (`[^|]+) \|.*\| \*\*removed\*\* \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """The whole story, told once for all tests. `ending` leaves it as it was."""
    with pytest.MonkeyPatch.context() as patch, captured_log() as output:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        watched = WatchedSite(output)
        wire(watched.site, patch)
        told = Story(watched)
        told.happens()
        yield told


@pytest.fixture(scope="module")
def ever(story: Story) -> Places:
    return story.watched.places_ever(SEARCH)


@pytest.fixture
def ending(story: Story) -> Iterator[WatchedSite]:
    before = story.watched.snapshot()
    yield story.watched
    story.watched.restore(before)


def allowed(*data_maps: DataMap) -> dict[str, str]:
    return {place: kinds for data_map in data_maps for places in data_map.values() for place, kinds in places.items()}


def kinds_in(places: Places) -> dict[str, str]:
    return {place: " ".join(sorted({kind for kind, _ in findings})) for place, findings in places.items()}


def test_personal_data_stands_only_where_the_page_says(ever: Places) -> None:
    assert kinds_in(ever) == allowed(DATA_MAP)


def test_the_page_says_so() -> None:
    assert [words for words in (*DATA_MAP, *MOVED_BACK_LATE) if words not in PAGE] == []


def test_every_entrance_and_every_kind_of_email_was_tried(story: Story, ever: Places) -> None:
    """Also every way to fail. Otherwise the search would find nothing because there was nothing."""
    planted = {entrance for findings in ever.values() for _, entrance in findings}
    assert planted == CANARIES.keys() - LEFT_NOTHING
    assert {mail.tags["kind"] for mail in story.site.mailer.mails} == KINDS.keys() - NO_EMAIL
    events = {json.loads(line)["event"] for line in story.watched.log.getvalue().splitlines()}
    assert {"view_failed", "message_failed", "batch_failed", "batch_split", "run_failed"} <= events
    assert {"RunFailed", "BatchFailed"} <= {error.split()[-1].rpartition(".")[2] for error in story.watched.errors}


def test_an_email_to_a_supporter_names_nobody_else(story: Story) -> None:
    for name, canary in CANARIES.items():
        for mail in story.mails_to(name):
            others = {entrance for _, entrance in SEARCH.find([mail.to, mail.subject, mail.text, mail.html])}
            assert others <= {canary.entrance, *SAME_PERSON.get(name, ())}


def test_the_page_describes_each_attribute_of_a_signature(story: Story) -> None:
    described = {*re.findall(r"`(\w+)`", ATTRIBUTES), "pk", "sk", "state", "expires_at"}
    written = {name for key, item in story.watched.tables.written if key.table == keys.SIGNATURES for name in item}
    assert written - described == set()


def test_after_a_withdrawal_only_exported_and_waiting_data_stays(story: Story, ending: WatchedSite) -> None:
    story.staff_withdraw_everybody()
    assert kinds_in(ending.places_now(SEARCH)) == allowed(STAFF_AND_SES, DEAD_SIGNATURES, FILES)
    removed = {name for names in REMOVED.findall(ATTRIBUTES) for name in re.findall(r"`(\w+)`", names)}
    assert len(removed) > 20
    items = [item for key, item in ending.tables.items.items() if key.table == keys.SIGNATURES]
    assert {name for item in items if item["state"] == "withdrawn" for name in item} & removed == set()


def test_after_an_erasure_only_exported_and_waiting_data_stays(story: Story, ending: WatchedSite) -> None:
    story.staff_erase_everybody()
    assert kinds_in(ending.places_now(SEARCH)) == allowed(STAFF_AND_SES, DEAD_SIGNATURES, FILES)
    ending.expire_files()
    ending.redrive()
    ending.settle()
    assert kinds_in(ending.places_now(SEARCH)) == allowed(STAFF_AND_SES), "dead letters store nobody again"


def test_after_the_retention_only_waiting_data_stays(story: Story, ending: WatchedSite) -> None:
    story.retention_ends()
    assert kinds_in(ending.places_now(SEARCH)) == allowed(STAFF_AND_SES, DEAD_SIGNATURES)
    ending.redrive()
    ending.settle()
    assert kinds_in(ending.places_now(SEARCH)) == allowed(STAFF_AND_SES, MOVED_BACK_LATE)
    assert story.mails_to("lost") == []
    ending.pass_time(10 * DAY)
    assert kinds_in(ending.places_now(SEARCH)) == allowed(STAFF_AND_SES)
