"""Bob requests a file with a passphrase: the answer shows it once, it opens the file, and it is nowhere else."""

import csv
import io
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
import pyzipper

from chalicelib.core.rights import Right
from chalicelib.exports.lock import new_half
from chalicelib.petitions.model import Petition
from chalicelib.runner.worker import run_address_job, run_job
from tests.actors import ALICE, BOB, DAY, NOW, bobs_token, confirmed
from tests.asking import ask, audit_records
from tests.exporting import an_export
from tests.fake_site import FakeSite, context, sqs_event
from tests.fakes import FakeQueue
from tests.log_lines import Lines, lines

__all__ = ["lines"]

PETITION_URL = "/api/staff/petitions/safe-children"


class Files(NamedTuple):
    """One of the two kinds of files that can be locked."""

    name: str
    run: Callable[..., Any]
    queue_of: Callable[[FakeSite], FakeQueue]


KINDS = [
    Files("exports", run_job, lambda fake_site: fake_site.jobs),
    Files("lists", run_address_job, lambda fake_site: fake_site.address_jobs),
]
each_kind = pytest.mark.parametrize("files", KINDS, ids=lambda files: files.name)


def call(fake_site: FakeSite, method: str, path: str, body: object = None) -> dict[str, Any]:
    token = bobs_token(fake_site.tables, NOW, Right.EXPORT)
    answer: dict[str, Any] = ask(fake_site, token, method, path, body).json_body
    return answer


def request(fake_site: FakeSite, files: Files, **body: Any) -> dict[str, Any]:
    return call(fake_site, "POST", f"{PETITION_URL}/{files.name}", body)


def shown(fake_site: FakeSite, files: Files) -> dict[str, Any]:
    [job] = call(fake_site, "GET", f"{PETITION_URL}/{files.name}")[files.name]
    return dict(job)


def run_once(fake_site: FakeSite, files: Files, seconds: float = 900) -> Mapping[str, Any]:
    """Deliver the message in the queue, and return it."""
    message = files.queue_of(fake_site).messages.pop()
    files.run(sqs_event([message]), context(seconds))
    return message


def zip_in(fake_site: FakeSite) -> pyzipper.AESZipFile:
    [content] = [value for key, value in fake_site.bucket.objects.items() if key.endswith("/file")]
    return pyzipper.AESZipFile(io.BytesIO(content))


def names_in(opened: pyzipper.AESZipFile, passphrase: str) -> list[str]:
    [member] = opened.namelist()
    text = opened.read(member, pwd=passphrase.encode()).decode("utf-8-sig")
    return sorted(row["name"] for row in csv.DictReader(io.StringIO(text, newline="")))


@each_kind
def test_the_passphrase_in_the_answer_opens_the_file_even_if_the_work_was_interrupted(
    fake_site: FakeSite, petition: Petition, files: Files
) -> None:
    for person in (ALICE, BOB):
        confirmed(fake_site.tables, petition, person, NOW - DAY, updates=True)
    requested = request(fake_site, files, passphrase=True)
    assert re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){4}", requested["passphrase"])
    run_once(fake_site, files, seconds=1)
    run_once(fake_site, files)
    opened = zip_in(fake_site)
    assert [(each.filename, each.wz_aes_strength) for each in opened.infolist()] == [(f"{requested['id']}.csv", 3)]
    assert names_in(opened, requested["passphrase"]) == [ALICE.name, BOB.name]
    with pytest.raises(RuntimeError, match="Bad password"):
        names_in(opened, "aaaa-aaaa-aaaa-aaaa-aaaa")
    link = call(fake_site, "GET", f"/api/staff/{files.name}/{requested['id']}/file")["url"]
    assert f"?name={requested['id']}.zip&" in link


@each_kind
def test_the_passphrase_is_in_no_item_message_file_log_or_later_answer(
    fake_site: FakeSite, petition: Petition, files: Files, lines: Lines
) -> None:
    confirmed(fake_site.tables, petition, ALICE, NOW - DAY, updates=True)
    passphrase = request(fake_site, files, passphrase=True)["passphrase"]
    message = run_once(fake_site, files)
    later = shown(fake_site, files)
    assert (later["state"], later["has_passphrase"], later["recipient"]) == ("done", True, None)
    stored = [fake_site.tables.items, message, fake_site.bucket.objects, lines(), later, audit_records(fake_site)]
    kept = repr(stored)
    assert str(later["id"]) in kept
    assert passphrase not in kept
    assert passphrase.replace("-", "") not in kept


@each_kind
def test_a_message_that_lost_its_half_makes_no_file(fake_site: FakeSite, petition: Petition, files: Files) -> None:
    """Another passphrase than the shown one would lock it."""
    request(fake_site, files, passphrase=True)
    queue = files.queue_of(fake_site)
    queue.messages[-1] = {name: value for name, value in queue.messages[-1].items() if name != "half"}
    run_once(fake_site, files)
    job = shown(fake_site, files)
    assert (job["state"], "passphrase was lost" in job["why"]) == ("failed", True)


def test_neither_half_alone_makes_the_passphrase() -> None:
    half, other_half = new_half(), new_half()
    job = an_export(half=half)
    passphrases = {job.passphrase(other_half), job.passphrase(""), job.passphrase(half), job.passphrase(new_half())}
    assert len(passphrases) == 4
    assert job.passphrase(other_half) == an_export(half=half).passphrase(other_half)
    assert job.passphrase(other_half) != an_export(half=new_half()).passphrase(other_half)


@pytest.mark.parametrize(
    ("files", "body", "field"),
    [
        *((files, {"passphrase": "password1"}, "passphrase") for files in KINDS),
        *((files, {"passphrase": True, "recipient": "age1x"}, "passphrase") for files in KINDS),
        (KINDS[1], {}, "recipient"),
        (KINDS[1], {"passphrase": False}, "recipient"),
    ],
)
def test_a_passphrase_of_ones_own_two_locks_and_a_list_without_one_are_refused(
    fake_site: FakeSite, petition: Petition, files: Files, body: dict[str, Any], field: str
) -> None:
    answer = request(fake_site, files, **body)
    assert [error["field"] for error in answer["errors"]] == [field]
    assert "password1" not in str(answer)
    assert files.queue_of(fake_site).messages == []
