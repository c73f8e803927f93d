"""What is written by hand about each operation, by the name of its view: texts, models and examples.

Everything else in the document is derived from the list of routes and from the models.
"""

from stack.openapi.operation import Operations
from stack.openapi.operations import (
    counts,
    exports,
    imports,
    letters,
    manage,
    pages,
    partners,
    people,
    petitions,
    sign_in,
    site,
    updates,
)

OPERATIONS: Operations = {
    **pages.OPERATIONS,
    **petitions.OPERATIONS,
    **site.OPERATIONS,
    **sign_in.OPERATIONS,
    **counts.OPERATIONS,
    **manage.OPERATIONS,
    **exports.OPERATIONS,
    **partners.OPERATIONS,
    **imports.OPERATIONS,
    **people.OPERATIONS,
    **updates.OPERATIONS,
    **letters.OPERATIONS,
}
