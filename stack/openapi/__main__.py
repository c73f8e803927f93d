"""Write chalicelib/edge/openapi.json. Run this after a change of a view or of a model."""

from stack.openapi.document import FILE, document, document_text

FILE.write_text(document_text(document()), encoding="utf-8")
