"""Registration only: what each Lambda function serves. Rules live in chalicelib."""

import gc

# Imports create many objects and hardly any garbage: collecting it took an eighth of a cold start (measured).
gc.disable()

from chalicelib.delivery import worker as mail_worker
from chalicelib.edge import site
from chalicelib.edge.route import Function
from chalicelib.edge.site_app import Site
from chalicelib.exports import api as exports_api, worker as exports_worker
from chalicelib.exports.subscribers import api as lists_api, worker as lists_worker
from chalicelib.health import api as health_api
from chalicelib.letters import staff_api as letters_staff_api, worker as letters_worker
from chalicelib.mail import links as mail_links
from chalicelib.partners import api as partners_api, staff_api as partners_staff_api
from chalicelib.partners.imports import api as imports_api, worker as imports_worker
from chalicelib.partners.osdi import api as osdi_api
from chalicelib.people import api as people_api, mail_api as people_mail_api
from chalicelib.petitions import (
    api as petitions_api,
    embed_api as petitions_embed_api,
    page as petitions_page,
    staff_api as petitions_staff_api,
)
from chalicelib.progress import api as progress_api
from chalicelib.projections import api as projections_api, worker as projections_worker
from chalicelib.projections.funnel import api as funnel_api
from chalicelib.signatures import api as signatures_api, links as signatures_links, worker as signatures_worker
from chalicelib.signin import api as signin_api
from chalicelib.staff import api as staff_api, authorizer, page as staff_page
from chalicelib.staff.audit import api as audit_api
from chalicelib.statements import api as statements_api
from chalicelib.totals import api as totals_api, total as totals
from chalicelib.totals.hashes import worker as hashes_worker
from chalicelib.updates import (
    api as updates_api,
    find as updates_find,
    staff_api as updates_staff_api,
    worker as updates_worker,
)

PUBLIC = (
    *(site, petitions_api, petitions_embed_api, signatures_api, signatures_links, mail_links),
    *(statements_api, totals_api, updates_api, progress_api),
)
STAFF = (
    *(authorizer, staff_page, staff_api, signin_api, audit_api, petitions_staff_api),
    *(people_api, people_mail_api, exports_api, partners_api, imports_api, osdi_api, partners_staff_api),
    *(lists_api, health_api, projections_api, funnel_api, updates_staff_api, letters_staff_api),
)
WORKERS = (
    *(mail_worker, signatures_worker, projections_worker),
    *(exports_worker, imports_worker, updates_worker, hashes_worker, letters_worker, lists_worker),
)

# What lower layers use of capabilities that they cannot import.
petitions_page.SECTIONS |= {"updates": updates_find.published_of, "total": totals.total_known}

app = Site("petitions")
for module in (*PUBLIC, *STAFF):
    app.register_blueprint(module.routes)
app.answer_head()
for worker in WORKERS:
    app.register_blueprint(worker.workers)


# The same routes with other roles: API Gateway sends each route to its own function, whose role allows only what that
# needs (.chalice/policy-*.json). Lambda finds a function by its name in this module.
for name in (each.name.lower() for each in Function if each is not Function.API):
    globals()[name] = app.serve_as(name)


# Imported objects live as long as the process: the collector skips them from now on.
gc.freeze()
gc.enable()
