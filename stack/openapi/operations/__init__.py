"""The parts of each operation that are written by hand: texts, models and examples. The keys are the views' names.

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
