"""Measure what a first view of a petition's page transfers, and a count: the application with fakes, in this process.

CloudFront compresses with Brotli. Its level is not documented; 5 is an assumption.
"""

import os
import re
from datetime import timedelta
from typing import Any

import brotli
import pytest

from benchmarks import scene
from benchmarks.worker import print_figures
from chalicelib.core import times
from chalicelib.petitions.edit import publish
from tests.fake_site import a_fake_site, wire
from tests.fakes import FakeTables

LEVEL = 5
_LINKED = re.compile(r'(?:href|src)="(/assets/[^"]+)"')


def measure() -> dict[str, Any]:
    """Return the requests and bytes of a view with an empty cache, and the bytes of the page and the count alone."""
    os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS}
    tables, petition = FakeTables(), scene.sample_petition()
    publish(petition, times.now() - timedelta(days=1), tables)
    with pytest.MonkeyPatch.context() as patch:
        site = a_fake_site(tables)
        wire(site, patch)

        def body_of(path: str) -> bytes:
            answer = site.client.http.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}")
            return answer.body

        page = body_of(f"/petitions/{petition.slug}")
        bodies = [page, *map(body_of, sorted({*_LINKED.findall(page.decode())}))]
        count = body_of(f"/api/petitions/{petition.slug}/count")
    compressed = [len(brotli.compress(body, quality=LEVEL)) for body in bodies]
    view = {"total": sum(compressed), "uncompressed": sum(map(len, bodies)), "requests": len(bodies)}
    return {"views": {"first_view_bytes": view, "bytes": {"page": compressed[0], "count": len(count)}}}


if __name__ == "__main__":
    print_figures(measure)
