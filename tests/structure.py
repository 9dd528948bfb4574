"""How the packages are built: who imports whom, by layer and room. `tests/test_layering.py` asks.

The tables of layers and rooms are in `tests/rooms.py`. `python -m tests.structure` prints the
figures, with `--rooms` what each room imports now.
"""

import ast
import gc
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath

from tests.rooms import GROUPS, ROOMS

ROOT = Path(__file__).parents[1]
PACKAGES = ("media", "scripts", "signaling", "storage", "web")

MOST_FILES = 25
"Python files directly in a folder."
MOST_FUNCTION_LINES = 50
MOST_LONG_FUNCTIONS = 10
REPEATED_NODES = 30
"Nodes of its syntax tree from which a function's body is too much to be written twice."

QUOTED_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
SCRIPT_IMPORT = re.compile(
    r'(?:^import|^export .*?from|^} from|^import .*?from|import\()\s*"(\.[^"]+)"', re.M
)


@cache
def _tree(source: str) -> ast.AST:
    with _without_collection():
        return ast.parse(source)


@cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """Every node of a file's syntax tree; kept, because several rules read each file."""
    with _without_collection():
        return tuple(ast.walk(_tree(source)))


def _statements(source: str) -> list[ast.AST]:
    """The statements of a file, a tenth of its nodes."""
    found: list[ast.AST] = [_tree(source)]
    for node in found:
        for part in ("body", "handlers", "orelse", "finalbody", "cases"):
            found += getattr(node, part, ())
    return found


@contextmanager
def _without_collection() -> Iterator[None]:
    """A tree is no garbage: while all are made, the collector would look through them again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def layer(module: str) -> str | None:
    """The layer of a dotted name of ours, `None` for everybody else's."""
    match module.split("."):
        case ["signaling", "flows" | "delivery" as part, *_]:
            return part
        case ["signaling", *_]:
            return "rules"
        case ["tests", *_]:
            return "tests"
        case [package, *_] if package in PACKAGES:
            return package
    return None


def module_name(path: str) -> str:
    """`signaling/flows/invites/inviting.py` is `signaling.flows.invites.inviting`."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: str, source: str) -> list[tuple[int, str]]:
    """Line and full dotted name of everything imported, also late or only for types."""
    by_call = "import_module" in source or "__import__" in source
    return list(_imports(path, nodes(source) if by_call else _statements(source)))


def _imports(path: str, tree: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    package = list(PurePosixPath(path).parent.parts)
    for node in tree:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield node.lineno, alias.name
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: len(package) - level + 1] if level else []
                source = ".".join([*above, *([module] if module else [])])
                for alias in names:
                    yield node.lineno, f"{source}.{alias.name}"
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield node.lineno, module


def room(path: str) -> str:
    """The room of a file: its folder, or its group where the folder is divided."""
    for group, members in GROUPS.items():
        if path in members:
            return group
    return PurePosixPath(path).parent.as_posix()


def room_of_module(name: str) -> str | None:
    """The room of a dotted name of ours: a package, a module, or something in a module."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        path = "/".join(parts[:count])
        if (found := room(f"{path}.py")) in GROUPS:
            return found
        if path in ROOMS:
            return path
    return None


def files(*patterns: str) -> dict[str, str]:
    """Path and text of our files that match; what is installed or generated is not ours."""
    found = {}
    for folder in (*PACKAGES, "tests"):
        for pattern in patterns:
            for file in sorted((ROOT / folder).rglob(pattern)):
                found[file.relative_to(ROOT).as_posix()] = file.read_text(encoding="utf-8")
    return found


@cache
def python_files() -> dict[str, str]:
    """Path and text of the product's Python files."""
    return {path: text for path, text in files("*.py").items() if not path.startswith("tests/")}


def imported_files(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """File -> files among `sources` that it imports: Python (types too), C and JavaScript."""
    modules = {module_name(path): path for path in sources if path.endswith(".py")}

    def targets(path: str, text: str) -> Iterator[str]:
        if path.endswith(".py"):
            for _, name in imports(path, text):
                parts = name.split(".")
                names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
                yield from [modules[name] for name in names if name in modules][:1]
        else:
            pattern = SCRIPT_IMPORT if path.endswith(".js") else QUOTED_INCLUDE
            for name in pattern.findall(text):
                yield os.path.normpath(f"{PurePosixPath(path).parent}/{name}")

    return {
        path: {target for target in targets(path, text) if target in sources} - {path}
        for path, text in sources.items()
    }


def imported_rooms(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Room -> other rooms that its files import."""
    found: dict[str, set[str]] = {}
    for path, targets in graph.items():
        found.setdefault(room(path), set()).update(map(room, targets))
    return {name: others - {name} for name, others in found.items()}


def rooms_as_they_are(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What ROOMS would say if it were written from these imports (file -> files)."""
    inside = {
        path: {
            target for target in targets if layer(module_name(target)) == layer(module_name(path))
        }
        for path, targets in graph.items()
    }
    return imported_rooms(inside)


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Groups of nodes that reach one another; those of one node are left out."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = graph.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    reach = {node: reached(node) for node in graph}
    found: list[set[str]] = []
    for node, others in reach.items():
        circle = {node, *(other for other in others if node in reach.get(other, ()))}
        if len(circle) > 1 and circle not in found:
            found.append(circle)
    return found


def none(complaints: Iterable[str]) -> None:
    """Fails with every complaint, if there is one."""
    found = list(complaints)
    assert not found, "\n" + "\n".join(found)


def files_in_folders(paths: Iterable[str]) -> Counter[str]:
    """Folder -> how many of the files stand directly in it."""
    return Counter(PurePosixPath(path).parent.as_posix() for path in paths)


def long_functions(sources: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    """Lines, path and name of each function longer than MOST_FUNCTION_LINES, `def` to its end."""
    for path, text in sources.items():
        for node in nodes(text):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    yield lines, path, node.name


def repeated_functions(sources: Mapping[str, str]) -> Iterator[list[str]]:
    """Groups of functions (path and name) with the same body; those of few lines are left out."""
    alike: dict[tuple[type[ast.AST], ...], list[tuple[str, list[ast.stmt]]]] = {}
    for path, text in sources.items():
        for node in nodes(text):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[ast.get_docstring(node) is not None :]
                kinds = tuple(type(part) for each in body for part in ast.walk(each))
                if len(kinds) >= REPEATED_NODES:
                    alike.setdefault(kinds, []).append((f"{path} {node.name}", body))
    for group in alike.values():
        if len(group) > 1:  # only these are worth writing out
            bodies: dict[str, list[str]] = {}
            for name, body in group:
                bodies.setdefault("\n".join(map(ast.dump, body)), []).append(name)
            yield from (found for found in bodies.values() if len(found) > 1)


def figures() -> str:
    """What the house measures, as text: files per folder, circles, long and repeated functions."""
    product = python_files()
    graph = imported_files(product)
    others = imported_files(files("*.c", "*.h", "*.js"))
    long = sorted(long_functions(product), reverse=True)
    repeated = list(repeated_functions(product))
    file_circles = circles(graph) + circles(others)
    room_circles = circles(imported_rooms(graph))
    lines = [f"{count:4}  {folder}" for folder, count in sorted(files_in_folders(product).items())]
    return "\n".join(
        [
            "Python files directly in a folder:",
            *lines,
            f"Circles between files: {len(file_circles)}",
            *(f"      {', '.join(sorted(circle))}" for circle in file_circles),
            f"Circles between rooms: {len(room_circles)}",
            *(f"      {', '.join(sorted(circle))}" for circle in room_circles),
            f"Functions over {MOST_FUNCTION_LINES} lines: {len(long)}",
            *(f"{count:4}  {path} {name}" for count, path, name in long),
            f"Functions written twice: {len(repeated)}",
            *(f"      {', '.join(each)}" for each in repeated),
        ]
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--rooms"]:
        for name, others in sorted(rooms_as_they_are(imported_files(python_files())).items()):
            listed = ", ".join(f'"{other}"' for other in sorted(others))
            print(f'    "{name}": ' + (f"{{{listed}}}," if others else "set(),"))
    else:
        print(figures())
