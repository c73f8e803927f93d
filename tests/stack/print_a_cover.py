"""Encrypt a file and print a cover sheet to stdout. Run with an unpacked zip and no other packages."""

import sys
from datetime import UTC, datetime
from pathlib import Path

root = Path(sys.argv[1])
sys.path.insert(0, str(root))

from pyrage.x25519 import Identity  # noqa: E402

from chalicelib.exports.cover import CoverFacts, cover_sheet  # noqa: E402
from chalicelib.exports.lock import encrypt, recipient_of  # noqa: E402
from chalicelib.exports.model import Export, Result  # noqa: E402
from chalicelib.petitions.model import Petition  # noqa: E402

now = datetime(2026, 11, 24, tzinfo=UTC)
texts = dict.fromkeys(("title", "summary", "text", "target", "charity", "sign_wording", "updates_wording"), "Tést")
petition = Petition(slug="a", privacy_contact="a@b.example", goal=1, opened_at=now, **texts)  # type: ignore[arg-type]
export = Export.model_validate(
    {"job_id": "a.1", "format": "csv", "columns": ["name"], "expected": 1}
    | {"requested_by": "bob", "requested_at": now, "touched_at": now}
)
result = Result(rows=1, size=1, sha256="a" * 64, file="f", cover="c", unsure=0, gone=0, finished_at=now)
(root / "plain").write_bytes(b"text")
encrypt(root / "plain", root / "sealed", recipient_of(str(Identity.generate().to_public())))
sys.stdout.buffer.write(cover_sheet(CoverFacts(petition, export, result)))
