"""Private names of third-party packages are used in one file each, which says so.

Whether a release still has them is what `test_dtls.py` and `test_srtp.py` ask.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "media"
ALLOWED = {
    "transport/dtls.py": {"_register_data_receiver", "_set_role", "_ssl"},
    "transport/srtp.py": {"_srtp", "_binding"},
}
CARRIED = {"transport/dtls.py": {"_handle_data", "_recv", "_send", "role"}}
"What somebody else's package asks of an object of ours: private names the other way round."
TESTS = {
    "transport/dtls.py": "transport/test_dtls.py",
    "transport/srtp.py": "transport/test_srtp.py",
}


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def private_names(tree: ast.AST) -> Iterator[str]:
    """Private attributes of anything but `self` and `cls`, and private imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if is_private(name):
                yield name
            case ast.Call(
                func=ast.Name(id="getattr" | "setattr" | "hasattr" | "delattr"),
                args=[_, ast.Constant(value=str(name)), *_],
            ) if is_private(name):
                yield name
            case ast.ImportFrom(names=names, level=0):
                yield from (alias.name for alias in names if is_private(alias.name))


def own_names(tree: ast.AST) -> Iterator[str]:
    """Private names that a module of ours defines: functions, classes and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def test_foreign_private_names_stand_in_one_file_each() -> None:
    trees = {
        file.relative_to(FOLDER).as_posix(): ast.parse(file.read_text("utf-8"))
        for file in FOLDER.rglob("*.py")
    }
    ours = {name for tree in trees.values() for name in own_names(tree)}
    found = {
        file: names
        for file, tree in trees.items()
        if (names := {name for name in private_names(tree) if name not in ours})
    }
    assert found == ALLOWED


def test_each_is_named_where_it_is_used_and_where_it_is_tested() -> None:
    for file, names in ALLOWED.items():
        docstring = ast.get_docstring(ast.parse((FOLDER / file).read_text("utf-8"))) or ""
        test = (Path(__file__).parent / TESTS[file]).read_text("utf-8")
        for name in names | CARRIED.get(file, set()):
            # As a word, for `native_binding` is not `_binding`.
            word = re.compile(rf"\b{name}\b")
            assert word.search(docstring), (file, name)
            assert word.search(test), (TESTS[file], name)


def test_planted_private_names_are_found() -> None:
    source = "self._a._b\ngetattr(x, '_c')\nfrom other import _d\nself._own\n__version__"
    assert set(private_names(ast.parse(source))) == {"_b", "_c", "_d"}
