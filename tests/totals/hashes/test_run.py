"""A comparison of hashes with our signers is exact, happens once, and leaves no hashes behind."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.jobs import store
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel, find_job
from chalicelib.petitions.figure import Figure
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import exact_count
from chalicelib.totals.enter import add_figure
from chalicelib.totals.hashes import run
from chalicelib.totals.hashes.model import HashComparison
from chalicelib.totals.total import total
from tests.actors import ALICE, BOB, CHARLIE, MINUTE, NOW, Person, confirmed, key_of, signed
from tests.fakes import FakeBucket, FakeTables
from tests.jobs.test_run import time_for
from tests.totals.hashes.hashing import SLUG, a_comparison, hashes_of, issue_source_key, run_comparison

ADDRESSES_ELSEWHERE = [ALICE.email, "Else.Where+news@mail.example", "other@bücher.example"]


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket()


def bounds_and_sentence(tables: FakeTables) -> tuple[int, int, str]:
    petition = petition_as_stored(SLUG, tables)
    known = total(petition, exact_count(petition, NOW + MINUTE, tables))
    return known.at_least, known.at_most, known.sentence


def test_the_total_is_exact_after_a_comparison(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path
) -> None:
    confirmed(tables, petition, ALICE)
    confirmed(tables, petition, BOB)
    signed(tables, petition, CHARLIE)
    job = a_comparison(tables, bucket, hashes_of(tables, [*ADDRESSES_ELSEWHERE, CHARLIE.email]))
    assert bounds_and_sentence(tables)[:2] == (4, 6)
    done = run_comparison(job, tables, bucket, tmp_path)
    assert (done.state, done.seen, done.here) == (JobState.DONE, 2, 1)
    sentence = "Exactly 2 people confirmed here; 4 elsewhere; together exactly 5 people."
    assert bounds_and_sentence(tables) == (5, 5, sentence)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("Al.Ice+x@googlemail.com", "alice@GMAIL.com"),
        ("alice@Bücher.example", "ALICE+news@xn--bcher-kva.example"),
        (" mailto:alice@mail.example", "Alice <alice@mail.example>"),
    ],
)
def test_an_address_has_one_hash_however_it_is_written(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path, here: str, there: str
) -> None:
    confirmed(tables, petition, Person("Alice", here))
    job = a_comparison(tables, bucket, hashes_of(tables, [there]))
    assert run_comparison(job, tables, bucket, tmp_path).here == 1


def test_the_hashes_are_deleted_however_a_comparison_ends(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path
) -> None:
    good = a_comparison(tables, bucket, hashes_of(tables, ADDRESSES_ELSEWHERE))
    run_comparison(good, tables, bucket, tmp_path)
    wrong = a_comparison(tables, bucket, ["alice@mail.example"])
    failed = run_comparison(wrong, tables, bucket, tmp_path / "..")
    assert (failed.state, failed.why) == (JobState.FAILED, "Line 1 is not a hash of our tool")
    assert not bucket.objects


@pytest.mark.parametrize(
    ("hashes", "count", "why"),
    [
        (["ab" * 16], 2, "The file has 1 different hashes, and the figure says 2"),
        (["ab" * 16, "AB" * 16], 2, "Line 2 is not a hash of our tool"),
        (["a" * 1_000_000], 1, "Line 1 is not a hash of our tool"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path, hashes: list[str], count: int, why: str
) -> None:
    issue_source_key(tables)
    job = run_comparison(a_comparison(tables, bucket, hashes, count), tables, bucket, tmp_path)
    assert (job.state, job.why) == (JobState.FAILED, why)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_file_that_windows_powershell_has_written_is_compared(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path, encoding: str
) -> None:
    hashes = hashes_of(tables, ADDRESSES_ELSEWHERE)
    job = a_comparison(tables, bucket, hashes)
    bucket.objects[job.file] = "".join(f"{each}\r\n" for each in hashes).encode(encoding)
    assert run_comparison(job, tables, bucket, tmp_path).state is JobState.DONE


@pytest.mark.parametrize("steps", [0, 3])
def test_a_missing_file_is_a_failure_with_its_reason(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path, steps: int
) -> None:
    job = a_comparison(tables, bucket, hashes_of(tables, ADDRESSES_ELSEWHERE))
    job = run_comparison(job, tables, bucket, tmp_path, time_for(steps))
    bucket.objects.clear()
    ended = run_comparison(job, tables, bucket, tmp_path)
    assert (ended.state, ended.why) == (JobState.FAILED, "The file was not uploaded, or is no longer there")


def test_a_comparison_whose_figure_no_longer_fits_fails_with_the_reason(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_comparison(tables, bucket, hashes_of(tables, ADDRESSES_ELSEWHERE))
    monkeypatch.setattr("chalicelib.totals.enter.MAX_FIGURES", len(petition_as_stored(SLUG, tables).figures))
    assert "no more fit" in (run_comparison(job, tables, bucket, tmp_path).why or "")


def test_a_comparison_that_is_killed_after_each_step_still_counts_everybody_once(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path
) -> None:
    people = [Person("Person", f"person{number}@mail.example") for number in range(40)]
    for person in people:
        confirmed(tables, petition, person)
    emails_elsewhere = [person.email for person in people[:25]]
    job = a_comparison(tables, bucket, hashes_of(tables, emails_elsewhere))
    for _ in range(100):
        job = run_comparison(job, tables, bucket, tmp_path, time_for(1))
        if not job.is_open:
            break
    assert (job.state, job.seen, job.here) == (JobState.DONE, 40, 25)
    assert bounds_and_sentence(tables)[:2] == (40, 40)


def test_a_comparison_fails_if_its_file_is_replaced_after_the_check(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path
) -> None:
    """Otherwise the result would mix two files."""
    job = a_comparison(tables, bucket, hashes_of(tables, ADDRESSES_ELSEWHERE))
    assert run_comparison(job, tables, bucket, tmp_path, time_for(2)).processed == 1
    bucket.objects[job.file] = "\n".join(hashes_of(tables, [BOB.email])).encode()
    failed = run_comparison(job, tables, bucket, tmp_path)
    assert (failed.state, failed.why) == (JobState.FAILED, "The file was replaced after it was checked")


def test_a_repeated_last_step_enters_one_figure(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_comparison(tables, bucket, hashes_of(tables, ADDRESSES_ELSEWHERE))
    advance = store.advance

    def die_at_the_end(before: HashComparison, after: HashComparison, now: datetime, _: FakeTables) -> HashComparison:
        if after.state is JobState.DONE:
            raise Unavailable
        return advance(before, after, now, tables)

    monkeypatch.setattr(store, "advance", die_at_the_end)
    with pytest.raises(Unavailable):
        run_comparison(job, tables, bucket, tmp_path)
    monkeypatch.undo()
    assert run_comparison(job, tables, bucket, tmp_path).state is JobState.DONE
    assert [bool(each.compared) for each in petition_as_stored(SLUG, tables).figures] == [False, True]


def test_a_comparison_that_is_cancelled_in_its_last_step_is_not_used(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_comparison(tables, bucket, hashes_of(tables, ADDRESSES_ELSEWHERE))

    def cancel_meanwhile(*arguments: Any, **more: Any) -> Figure:
        cancel(find_job(HashComparison, job.job_id, tables), NOW, tables)
        return add_figure(*arguments, **more)

    monkeypatch.setattr(run, "add_figure", cancel_meanwhile)
    assert run_comparison(job, tables, bucket, tmp_path).state is JobState.CANCELLED
    assert [each.compared for each in petition_as_stored(SLUG, tables).figures] == [None]
    assert not bucket.objects


def test_the_bounds_hold_after_people_withdrew_and_signed(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path
) -> None:
    """Alice, who signed in both places, withdraws here. Charlie, who signed elsewhere, signs here too."""
    alices_id = confirmed(tables, petition, ALICE)
    job = a_comparison(tables, bucket, hashes_of(tables, [ALICE.email, CHARLIE.email]))
    run_comparison(job, tables, bucket, tmp_path)
    assert bounds_and_sentence(tables)[:2] == (2, 2)
    withdraw(key_of(petition, alices_id), petition, NOW + MINUTE, tables)
    assert bounds_and_sentence(tables)[:2] == (2, 2)
    confirmed(tables, petition, CHARLIE, NOW + MINUTE)
    at_least, at_most, _ = bounds_and_sentence(tables)
    assert at_least <= 2 <= at_most
