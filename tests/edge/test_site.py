"""Assets, the description of the API, and health."""

import pytest

from chalicelib.errors import Throttled
from tests.served import Served


@pytest.mark.parametrize("name", ["site.css", "petition.js", "icon.svg"])
def test_an_asset_is_kept_for_a_year_and_asked_for_once(served: Served, name: str) -> None:
    answer = served.get(f"/assets/{name}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    again = served.get(f"/assets/{name}", if_none_match=answer.headers["ETag"])
    assert (again.status_code, again.body) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]


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
