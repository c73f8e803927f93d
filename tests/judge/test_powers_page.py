"""The table in docs/deploy.md lists what each function may do, as in its policy."""

from stack.judge import powers


def test_the_page_is_up_to_date() -> None:
    page = powers.PAGE.read_text(encoding="utf-8")
    assert powers.with_table(page) == page, "run: PYTHONPATH=. .venv/bin/python -m stack.judge.powers"


def test_the_table_has_every_part_of_a_policy() -> None:
    table = powers.table()
    assert "{'" not in table
    assert "| `Counts` | – | `GetItem`, `Query`, `BatchGetItem` under `PETITIONS`," in table
    assert "`sqs:SendMessage` on `OverflowQueue`" in table
    assert "secret `SignatureKeys`" in table
    assert "`s3:ListBucket` on `ExportsBucket`, prefix `parts/*`, `files/*`" in table
    assert "`ses:SendEmail`, `ses:SendRawEmail` on `ses:identity/*`, `ses:configuration-set/" in table
