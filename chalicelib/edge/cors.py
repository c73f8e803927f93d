"""Any origin may read public JSON and post signatures: these routes use no cookies."""

from chalice.app import CORSConfig

CORS = CORSConfig(
    allow_origin="*",
    allow_headers=["Content-Type", "If-None-Match"],
    expose_headers=["ETag", "Retry-After"],
    max_age=86400,
)
