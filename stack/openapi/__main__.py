"""Write chalicelib/edge/openapi.json. Run it after a change of a route, a model or the words of an operation."""

from stack.openapi.document import FILE, document, document_text

FILE.write_text(document_text(document()), encoding="utf-8")
