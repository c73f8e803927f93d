"""What is written by hand: the words of each operation, its model and its examples. Everything else is derived."""

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
