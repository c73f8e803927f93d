"""Write chalicelib/edge/openapi.json. Run it after a change of a route, a model or the words of an operation."""

from stack.openapi.document import FILE, document, written

FILE.write_text(written(document()), encoding="utf-8")
