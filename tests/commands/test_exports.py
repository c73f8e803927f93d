"""`manage.py export`: what the engineer sees, and what is never shown."""

import io
import urllib.error
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

import manage
from chalicelib.aws import clients
from chalicelib.core import keys, times
from chalicelib.core.errors import Unavailable
from chalicelib.exports.model import Export
from chalicelib.jobs.request import find_job
from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.record import entries
from commands import common, exports
from tests.actors import DAY, NOW, confirmed
from tests.exporting import an_export_context, rows_of, run_stored_export
from tests.fakes import FakeBucket, FakeQueue, FakeTables

NAME = "Alice Achterberg"


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket()


@pytest.fixture(autouse=True)
def _export_on_fakes(
    tables: FakeTables, petition: Petition, bucket: FakeBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker runs while the command sleeps. A download link reads the fake bucket."""
    confirmed(tables, petition, now=NOW - timedelta(hours=1))
    queue, work = FakeQueue(), tmp_path / "work"
    work.mkdir()

    def sleep(_: float) -> None:
        for message in queue.messages:
            export = find_job(Export, message["job_id"], tables)
            run_stored_export(export, an_export_context(tables, bucket, work))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("chalicelib.exports.run.cover_sheet", lambda _: b"%PDF")
    monkeypatch.setattr(common, "tables", lambda: tables)
    monkeypatch.setattr(common, "queue", lambda _: queue)
    monkeypatch.setattr(times, "now", lambda: NOW)
    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setenv("EXPORTS_BUCKET", "exports")
    monkeypatch.setattr(clients, "s3", lambda: None)
    monkeypatch.setattr(exports, "Bucket", lambda *_: bucket)
    _serve_downloads(monkeypatch, lambda key: bucket.objects[key])


def _serve_downloads(monkeypatch: pytest.MonkeyPatch, content: Callable[[str], bytes]) -> None:
    def urlopen(url: str, **_: Any) -> io.BytesIO:
        path = url.partition("?")[0]
        return io.BytesIO(content(path.removeprefix("https://files.invalid/")))

    monkeypatch.setattr("urllib.request.urlopen", urlopen)


def test_the_command_shows_progress_and_saves_both_files_with_mode_600(
    tables: FakeTables, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["export", "safe-children", "--unencrypted", "--columns", "name", "--out", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    file, cover = map(Path, out.splitlines())
    assert [row["name"] for row in rows_of(file.read_bytes())] == [NAME]
    assert cover.read_bytes() == b"%PDF"
    assert {path.stat().st_mode & 0o777 for path in (file, cover)} == {0o600}
    assert "[..............................] 0 of 1, waiting" in err
    assert "[##############################] 1 of 1, done" in err
    actions = sorted(entry.action.name for entry in entries(NOW - DAY, NOW, tables))
    assert actions == ["export.fetched", "export.fetched", "export.requested"]


def test_a_folder_in_the_repository_is_refused(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(exports.REPOSITORY / "docs")
    for words in ([], ["--out", str(exports.REPOSITORY)]):
        assert manage.main(["export", "safe-children", "--unencrypted", *words]) == 1
        assert "inside the repository" in capsys.readouterr().err
    assert not list(entries(NOW - DAY, NOW, tables))


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "export.csv"
    path.touch(mode=0o644)
    _serve_downloads(monkeypatch, lambda _: b"Alice")
    exports._save("https://files.invalid/one", path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_recipients_key_comes_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    owner = pyrage.x25519.Identity.generate()
    key_file = tmp_path / "key"
    key_file.write_text(str(owner.to_public()))
    words = ["export", "safe-children", "--recipient-file", str(key_file), "--out", str(tmp_path)]
    assert manage.main(words) == 0
    file = Path(capsys.readouterr().out.splitlines()[0])
    assert NAME in pyrage.decrypt(file.read_bytes(), [owner]).decode()


@pytest.mark.parametrize(
    "content", [b"AGE-SECRET-KEY-1QQQ", b"\xff\xfe", b"x" * 201], ids=["private", "binary", "long"]
)
def test_a_file_without_a_public_key_is_refused_and_its_content_is_not_repeated(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_bytes(content)
    assert manage.main(["export", "safe-children", "--recipient-file", str(tmp_path / "key")]) == 1
    assert "QQQ" not in "".join(capsys.readouterr())


def test_a_missing_file_or_folder_is_reported_before_any_prompt(
    tables: FakeTables, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = str(tmp_path / "nowhere")
    for words in (["--unencrypted", "--out", nowhere], ["--recipient-file", nowhere]):
        assert manage.main(["export", "safe-children", *words]) == 1
        assert "nowhere" in capsys.readouterr().err
    assert not list(entries(NOW - DAY, NOW, tables))


def test_an_incomplete_download_is_not_kept(
    tmp_path: Path, bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _serve_downloads(monkeypatch, lambda key: bucket.objects[key][:-1])
    assert manage.main(["export", "safe-children", "--unencrypted", "--out", str(tmp_path)]) == 1
    assert "incomplete or damaged" in capsys.readouterr().err
    assert not list(tmp_path.glob("safe-children*"))


def test_an_unreachable_link_is_explained_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lose_connection(_: str) -> bytes:
        raise urllib.error.URLError("no route")

    _serve_downloads(monkeypatch, lose_connection)
    assert manage.main(["export", "safe-children", "--unencrypted", "--out", str(tmp_path)]) == 1
    assert "the download failed" in capsys.readouterr().err


def test_the_reason_of_a_failed_export_is_printed_and_an_unknown_petition_is_named(
    tables: FakeTables, petition: Petition, capsys: pytest.CaptureFixture[str]
) -> None:
    confirmed(tables, petition, now=NOW - DAY, email="b@mail.example")
    lost = next(key for key in tables.items if key.table == keys.SIGNATURES)
    del tables.items[lost]
    assert manage.main(["export", "safe-children", "--unencrypted"]) == 1
    assert "nothing was exported" in capsys.readouterr().err
    assert manage.main(["export", "nobody", "--unencrypted"]) == 1
    assert "there is no petition nobody" in capsys.readouterr().err


def test_while_an_export_runs_the_next_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: float) -> None:
        raise Unavailable("storage")

    monkeypatch.setattr("time.sleep", interrupt)
    assert manage.main(["export", "safe-children", "--unencrypted"]) == 3
    assert manage.main(["export", "safe-children", "--unencrypted"]) == 1
    assert "already running" in capsys.readouterr().err
