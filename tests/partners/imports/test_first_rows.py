"""A dry run shows the first rows as they would be stored."""

import pytest

from chalicelib.core.rights import Right
from tests.actors import DAY, bobs_token
from tests.fake_site import FakeSite
from tests.importing import CSV, rows
from tests.partners.imports.test_api import _oak, ask, read_import, run_imports, start_import, token  # noqa: F401

FIRST_ROWS = [
    {"row": 3, "name": "Zoë Müller", "email": "zoe@mail.example", "country": "GB", "postcode": "SW1A 1AA",
     "updates": True, "obtained_at": "2026-10-24T11:00:00Z"},
    {"row": 4, "name": "Ann Lee", "email": "ann@mail.example", "country": "GB", "postcode": None,
     "updates": False, "obtained_at": "2026-11-24T12:00:00Z"},
]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_dry_run_shows_the_first_rows_as_they_would_be_stored(
    fake_site: FakeSite,
    token: str,  # noqa: F811
    encoding: str,
) -> None:
    content = "Email,Name,Postcode,Updates,Signed on\nnobody,No Body,,,\n"
    content += "zoe@mail.example, Zoë Müller,sw1a1aa,yes,24/10/2026 12:00\nann@mail.example,Ann Lee,,,\n"
    path = "?partner=partner-oak&dry_run=true"
    import_id = ask(fake_site, token, "POST", path, content.encode(encoding)).json_body["id"]
    assert read_import(fake_site, token, import_id)["first_rows"] == []
    run_imports(fake_site)
    assert read_import(fake_site, token, import_id)["first_rows"] == FIRST_ROWS
    stored = [item for key, item in fake_site.tables.items.items() if key.pk.startswith("JOB#")]
    assert "Müller" not in repr(stored)
    fake_site.clock.forward(7 * DAY)
    fake_site.bucket.objects.clear()
    new_token = bobs_token(fake_site.tables, fake_site.clock(), Right.MANAGE)
    assert read_import(fake_site, new_token, import_id)["first_rows"] == []


def test_a_dry_run_shows_five_rows_and_an_import_none(
    fake_site: FakeSite,
    token: str,  # noqa: F811
) -> None:
    shown = []
    for dry_run in ("true", "false"):
        import_id = start_import(fake_site, token, CSV + rows(*range(7)), f"&dry_run={dry_run}")
        run_imports(fake_site)
        shown.append([row["row"] for row in read_import(fake_site, token, import_id)["first_rows"]])
    assert shown == [[2, 3, 4, 5, 6], []]
