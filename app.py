"""Registration only: what each Lambda function serves. Rules live in chalicelib."""

import gc

# Imports create many objects and hardly any garbage: collecting it took an eighth of a cold start (measured).
gc.disable()

from importlib import import_module

from chalicelib.core.settings import function_name
from chalicelib.edge.route import Function
from chalicelib.edge.site_app import Site
from chalicelib.petitions import page as petitions_page
from chalicelib.totals import total as totals
from chalicelib.updates import find as updates_find

# The modules with the routes of each function. A function imports only its own. For pages and signing, a cold start
# with all of them takes a quarter more CPU (measured).
MODULES = {
    Function.API: (
        *("edge.site", "petitions.api", "petitions.embed_api", "signatures.api"),
        *("updates.api", "staff.page"),
    ),
    Function.LINKS: ("signatures.links", "mail.links"),
    Function.COUNTS: (
        *("petitions.api", "progress.api", "projections.api", "projections.funnel.api", "statements.api"),
        *("totals.api", "letters.staff_api", "health.api"),
    ),
    Function.MANAGE: (
        *("petitions.staff_api", "staff.api", "staff.audit.api", "partners.staff_api", "partners.imports.api"),
        *("totals.api", "letters.staff_api", "updates.staff_api"),
    ),
    Function.PEOPLE: ("people.api", "people.mail_api"),
    Function.SIGN_IN: ("signin.api",),
    Function.EXPORTS: ("exports.api", "exports.subscribers.api"),
    Function.PARTNERS: ("partners.api", "partners.osdi.api"),
}
# Their functions start from these modules, without this one. They are here for `chalice package`.
WORKERS = (
    *("delivery.worker", "signatures.worker", "projections.worker", "exports.worker", "exports.subscribers.worker"),
    *("partners.imports.worker", "updates.worker", "totals.hashes.worker", "letters.worker"),
)

# What lower layers use of capabilities that they cannot import.
petitions_page.SECTIONS |= {"updates": updates_find.published_of, "total": totals.total_if_any}

app = Site("petitions")
only = function_name()
names = MODULES[Function(only)] if only else dict.fromkeys(name for served in MODULES.values() for name in served)
for name in names:
    app.register_blueprint(import_module(f"chalicelib.{name}").routes)
app.answer_head()
if not only:
    for name in WORKERS:
        app.register_blueprint(import_module(f"chalicelib.{name}").workers)
    app.register_blueprint(import_module("chalicelib.staff.authorizer").routes)


# The same routes with other roles: API Gateway sends each route to its own function, whose role allows only what that
# needs (.chalice/policy-*.json). Lambda finds a function by its name in this module.
for name in (each.name.lower() for each in Function if each is not Function.API):
    globals()[name] = app.serve_as(name)


# Imported objects live as long as the process: the collector skips them from now on. A request makes a few thousand
# objects: look for garbage after several requests, not several times in each.
gc.freeze()
gc.set_threshold(10_000)
gc.enable()
