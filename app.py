"""Register what each Lambda function serves. The code that serves it is in chalicelib."""

import gc

# Imports create many objects and hardly any garbage. The search for garbage took an eighth of a cold start (measured).
gc.disable()

from importlib import import_module

from chalicelib.core.settings import served_function_id
from chalicelib.edge.route import Function
from chalicelib.edge.routes import modules_by_function
from chalicelib.edge.site_app import Site
from chalicelib.petitions import page as petitions_page
from chalicelib.totals import total as totals
from chalicelib.updates import find as updates_find

# The modules of functions without routes. Lambda starts these functions from their own modules, not from app.py. The
# list is here for `chalice package`.
WORKERS = ("delivery.worker", "signatures.worker", "projections.worker", "runner.worker")

# Sections of the petition's page, from modules that chalicelib/petitions must not import.
petitions_page.SECTIONS |= {"updates": updates_find.updates_for_page, "total": totals.total_if_any}

app = Site("petitions")
# None outside of Lambda, such as in tests and packaging: then register all routes and functions.
this_function = served_function_id()
# A function imports only the modules of its routes. Importing all would take a quarter more CPU of the cold start of
# pages and signing (measured).
served_functions = [Function(this_function)] if this_function else [*Function]
# A dict has each module once.
for module in dict.fromkeys(module for each in served_functions for module in modules_by_function()[each]):
    app.register_blueprint(import_module(module).routes)
app.add_head_to_get_routes()
if not this_function:
    for module in WORKERS:
        app.register_blueprint(import_module(f"chalicelib.{module}").workers)
    # The authorizer is a Lambda function too. It also starts from its own module.
    app.register_blueprint(import_module("chalicelib.staff.authorizer").routes)


# The handlers of all functions with routes except API, whose handler is `app`. API Gateway sends each route to its
# function. The role of a function allows only what the function's routes need (stack/template/rights.py). Lambda
# finds a handler by its name in this module.
for function in Function:
    if function is not Function.API:
        name = function.name.lower()
        globals()[name] = app.serve_as(name)


# Imported objects live as long as the process: the collector skips them from now on. A request makes a few thousand
# objects. With this threshold, the collector runs once in several requests, not several times in each request.
gc.freeze()
gc.set_threshold(10_000)
gc.enable()
