"""Public JSON may be read, and signatures posted, from any origin: nothing here uses cookies."""

from chalice.app import CORSConfig

CORS = CORSConfig(
    allow_origin="*",
    allow_headers=["Content-Type", "If-None-Match"],
    expose_headers=["ETag", "Retry-After"],
    max_age=86400,
)
