"""Finds in the source what a process remembers, and the Redis keys that it writes."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PROGRAMS = ("app", "gateway", "workers")
_NOT_SERVING = ("app/cli", "app/embedded", "app/domain")
_CONTAINERS = (
    "dict",
    "set",
    "deque",
    "OrderedDict",
    "defaultdict",
    "Counter",
    "WeakValueDictionary",
    "TTLCache",
)
_CACHES = ("cache", "lru_cache")


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for program in _PROGRAMS:
        for path in sorted((ROOT / program).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(_NOT_SERVING):
                yield name, ast.parse(path.read_text())


def remembered() -> set[str]:
    """`<module>:<name>` of every attribute that is made a container, and of every cached function."""
    return {f"{module}:{name}" for module, tree in _modules() for name in _names_in(tree)}


def _names_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_called(d) in _CACHES for d in node.decorator_list):
            yield node.name
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_new(node.value):
            yield from (
                one.attr for one in targets if isinstance(one, ast.Attribute) and not _of_request(one)
            )
    for node in tree.body:  # globals
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_empty(node.value):
            yield from (one.id for one in targets if isinstance(one, ast.Name))


def _of_request(target: ast.Attribute) -> bool:
    """Flask's `g` ends with its request."""
    return isinstance(target.value, ast.Name) and target.value.id == "g"


def _is_new(value: ast.expr) -> bool:
    return isinstance(value, ast.Dict | ast.Set | ast.DictComp | ast.SetComp) or _called(value) in _CONTAINERS


def _is_empty(value: ast.expr) -> bool:
    is_literal = isinstance(value, ast.Dict) and not value.keys
    return is_literal or (isinstance(value, ast.Call) and _called(value) in _CONTAINERS and not value.args)


def _called(node: ast.expr) -> str:
    """The name of what is called, or of a decorator."""
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def redis_keys() -> set[str]:
    """What follows the prefix in every key that the source makes, with the names of what is filled in."""
    found = set()
    for _, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and _begins_with_prefix(node):
                found.add("".join(_shown(part) for part in node.values[1:]))
    return found


def _begins_with_prefix(node: ast.JoinedStr) -> bool:
    first = node.values[0]
    return isinstance(first, ast.FormattedValue) and ast.unparse(first.value) == "KEY_PREFIX"


def _shown(part: ast.expr) -> str:
    return (
        f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else ast.literal_eval(part)
    )
