"""Check on the syntax tree which folders may import which, and who may read the clock and use AWS.

That only aws/ imports boto3, and only settings.py reads the environment, ruff checks (pyproject.toml).
"""

import ast
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from chalicelib.aws import bucket, email, queue, table
from tests.syntax import FILES, ROOT, Function, every_file, imports, nodes, place, tree

# Lowest first. A module imports from its own layer and from those below.
LAYERS = (
    ("core",), ("aws",), ("pages",), ("edge",), ("shedding",), ("jobs",), ("tallies",), ("petitions",), ("signatures",),
    ("projections",), ("mail",),
    (
        "exports", "partners", "people", "staff", "signin", "statements", "totals", "updates", "health", "progress",
        "letters", "retention", "mine", "removals", "reminders",
    ),
    ("delivery", "runner"),
)  # fmt: skip
LAYER_OF = {name: number for number, names in enumerate(LAYERS) for name in names}
CAPABILITIES = {name for layer in LAYERS[4:] for name in layer}
# Files that may use HTTP and Lambda, besides app.py and edge/.
ENTRY_POINTS = {
    "api.py", "staff_api.py", "worker.py", "links.py", "page.py", "authorizer.py",
}  # fmt: skip

# Functions that build a client of AWS on first use, such as chalicelib.aws.queue.mail_queue.
FACTORIES = {
    f"{module.__name__}.{name}"
    for module in (bucket, email, queue, table)
    for name, value in vars(module).items()
    if hasattr(value, "cache_clear")
}


def capability(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    if len(parts) > 2 and parts[1] in CAPABILITIES:
        return parts[1]
    return ""


def may_use_http(path: Path) -> bool:
    """Return whether the file is app.py, in edge/, or an entry point."""
    is_in_edge = place(path).startswith("chalicelib/edge/")
    return is_in_edge or place(path) == "app.py" or path.name in ENTRY_POINTS


def called_names(parts: Iterable[ast.AST]) -> set[str]:
    """Return what is called, such as "times.now"."""
    return {ast.unparse(node.func) for node in parts if isinstance(node, ast.Call)}


@every_file
def test_only_entry_points_import_chalice(path: Path) -> None:
    packages = {name.partition(".")[0] for name in imports(path, type_checking_too=True)}
    assert "chalice" not in packages or may_use_http(path)


@every_file
def test_only_app_and_entry_points_import_entry_points(path: Path) -> None:
    """A rule that imports edge, an api or a worker could not be tested without HTTP."""
    if may_use_http(path):
        return
    for name in imports(path):
        files = {f"{part}.py" for part in name.split(".")}
        assert not name.startswith("chalicelib.edge"), name
        assert not files & ENTRY_POINTS, name


@every_file
def test_a_capability_never_imports_the_store_of_another(path: Path) -> None:
    others = CAPABILITIES - {capability(path)}
    stores = tuple(f"chalicelib.{other}.store" for other in others)
    assert not [name for name in imports(path) if name.startswith(stores)]


@every_file
def test_imports_go_down_the_layers(path: Path) -> None:
    """This also holds for models. Entry points may also import the authorizer."""
    top, *folders = path.relative_to(ROOT).parts
    if top != "chalicelib" or not folders[1:]:
        return
    assert folders[0] in LAYER_OF, "add the folder to LAYERS"
    for name in imports(path):
        may_import = path.name in ENTRY_POINTS and name.startswith("chalicelib.staff.authorizer")
        if name.startswith("chalicelib.") and not may_import:
            imported = name.split(".")[1]
            assert LAYER_OF.get(imported, 0) <= LAYER_OF[folders[0]], name


@every_file
def test_only_times_reads_the_clock_and_only_entry_points_call_it(path: Path) -> None:
    calls = called_names(nodes(path))
    clocks = calls & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time"}
    assert not clocks or place(path) == "chalicelib/core/times.py"
    if "times.now" in calls:
        assert path.name in ENTRY_POINTS or path.parent.name == "commands"


@every_file
def test_importing_a_file_builds_no_client_and_reads_no_file(path: Path) -> None:
    """Packaging imports app.py without AWS, and code that runs at import slows cold starts."""
    outside = [node for node in tree(path).body if not isinstance(node, (Function, ast.ClassDef))]
    called = called_names(node for statement in outside for node in ast.walk(statement))
    factories = {factory.rpartition(".")[2] for factory in FACTORIES}
    assert not called & {*factories, "settings", "required", "times.now", "boto3.client", "open"}
    assert not [name for name in called if name.endswith(("read_text", "read_bytes"))]


@every_file
def test_rules_take_now_and_tables_as_arguments(path: Path) -> None:
    if capability(path) and path.name not in ENTRY_POINTS:
        names = set(imports(path))
        assert not names & {"chalicelib.core.settings.settings", "chalicelib.core.times.now", *FACTORIES}
        assert not [name for name in names if name.startswith("chalicelib.aws.clients")]


@every_file
def test_no_broad_except_outside_edge(path: Path) -> None:
    handlers = [node for node in nodes(path) if isinstance(node, ast.ExceptHandler)]
    broad = [handler for handler in handlers if _is_broad(handler)]
    # These log any failure for an alarm. The first two then return the stale value.
    logging = ("chalicelib/core/caching.py", "chalicelib/shedding/level.py", "chalicelib/staff/authorizer.py")
    assert not broad or place(path).startswith(("chalicelib/edge/", *logging))


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """`except:` without a class catches everything."""
    return handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException")


def test_no_two_classes_have_the_same_name() -> None:
    classes = [node.name for path in FILES for node in nodes(path) if isinstance(node, ast.ClassDef)]
    assert len(classes) > 200
    assert [name for name, times in Counter(classes).items() if times > 1] == []
