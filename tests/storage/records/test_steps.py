"""Steps of one visit to the database: what writing them down costs at each call."""

import ast
from collections.abc import Iterator

from tests.structure import nodes, none, python_files

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def made_at_each_call(path: str, source: str) -> Iterator[str]:
    """Complains about functions within functions whose annotation makes a type of Steps."""
    if "Steps[" not in source:
        return
    for outer in nodes(source):
        if isinstance(outer, FUNCTIONS):
            for inner in ast.walk(outer):
                if inner is not outer and isinstance(inner, FUNCTIONS):
                    match inner.returns:
                        case ast.Subscript(value=ast.Name(id="Steps")):
                            yield f"{path}:{inner.lineno}: name this type at the top of the file"


def test_types_of_steps_are_made_once() -> None:
    sources = python_files().items()
    none(complaint for path, source in sources for complaint in made_at_each_call(path, source))


def test_one_that_is_made_at_each_call_is_found() -> None:
    planted = "def outer():\n    def add() -> Steps[int]:\n        yield 1\n"
    assert len(list(made_at_each_call("a.py", planted))) == 1
