"""Join the parts from the other modules into one template, which `application.py` merges into that of Chalice.

A part may add to any section of the template: a queue adds to Resources, Outputs, and the environment of all functions.
"""

import json
from collections.abc import Mapping
from functools import cache

from stack.template.alarms import alarms
from stack.template.api import api
from stack.template.behaviours import edge
from stack.template.cfn import Template, merge_parts, written
from stack.template.dashboard import dashboard
from stack.template.functions import functions
from stack.template.gateway import gateway
from stack.template.queues import queues
from stack.template.tables import tables


def settings_in(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of every function's environment whose values are outputs of the stack, such as a queue's
    URL.

    Raise KeyError if an output is missing: the stack was deployed from an older template.
    """
    template = merge_template()
    # A variable has the same value in the template as its output, such as {"Ref": "MailQueue"}.
    names = {json.dumps(declared["Value"]): name for name, declared in template["Outputs"].items()}
    variables = template["Globals"]["Function"]["Environment"]["Variables"].items()
    return {name: outputs[names[json.dumps(value)]] for name, value in variables if json.dumps(value) in names}


@cache
def merge_template() -> Template:
    """Return the template. Do not change the returned template: every caller in the process gets the same one."""
    parts = [tables(), queues(), functions(), api(), gateway(), edge(), alarms()]
    whole = merge_parts([written("site"), written("functions"), *parts])
    return merge_parts([whole, dashboard(whole["Resources"])])
