"""Assets, the description of the API, and health."""

import pytest

from chalicelib.core.errors import Throttled
from chalicelib.pages.render import dashboard_version
from tests.served import Served


@pytest.mark.parametrize("name", ["site.css", "petition.js", "icon.svg"])
def test_an_asset_is_kept_for_a_year_and_asked_for_once(served: Served, name: str) -> None:
    answer = served.get(f"/assets/{name}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    again = served.get(f"/assets/{name}", if_none_match=answer.headers["ETag"])
    assert (again.status_code, again.body) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]


def test_the_staff_pages_files_are_kept_by_their_version_and_no_other(served: Served) -> None:
    """Else a browser that still shows yesterday's page would keep today's file under yesterday's address."""
    now = served.get(f"/assets/staff/{dashboard_version()}/app.js")
    before = served.get("/assets/staff/00000000/app.js")
    assert (now.status_code, before.status_code, now.body) == (200, 200, before.body)
    assert "immutable" in now.headers["Cache-Control"]
    assert before.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["nothing.css", "..%2fsettings.py", "render.py", "SITE.CSS"])
def test_no_other_file_is_served(served: Served, name: str) -> None:
    assert served.get(f"/assets/{name}").status_code == 404


def test_we_are_well_when_tables_and_queue_answer(served: Served) -> None:
    assert served.get("/health").status_code == 200


def test_we_are_not_well_when_the_tables_do_not(served: Served) -> None:
    served.tables.fail_next(Throttled("storage"))
    assert served.get("/health").status_code == 503


@pytest.mark.parametrize("queue", ["queue", "other_queue", "overflow"])
def test_we_are_not_well_when_a_queue_does_not(served: Served, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise Throttled("queue")

    monkeypatch.setattr(getattr(served, queue), "check", refuse)
    assert served.get("/health").status_code == 503
