"""What log calls say beside their sentence is listed in `web/logs.py`, or it would be dropped in silence."""

import ast
from collections.abc import Iterator

from tests.structure import nodes, none, python_files
from web.logs import FIELDS


def unlisted(path: str, source: str) -> Iterator[str]:
    """Complains about each field of an `extra=` that is not listed, and each that cannot be read."""
    for node in nodes(source):
        if isinstance(node, ast.Call):
            for extra in (each.value for each in node.keywords if each.arg == "extra"):
                for field in _fields(extra, source):
                    if field not in FIELDS:
                        yield f"{path}:{extra.lineno}: {field} is not listed in web/logs.py"


def _fields(extra: ast.expr, source: str) -> Iterator[str]:
    """The keys of the dictionaries that it is made of."""
    match extra:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if key is None:
                    yield from _fields(value, source)
                else:
                    yield key.value if isinstance(key, ast.Constant) else ast.unparse(key)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _fields(left, source)
            yield from _fields(right, source)
        case ast.Name(id=name):
            yield from list(_of_name(name, source)) or [name]
        case _:
            yield ast.unparse(extra)


def _of_name(name: str, source: str) -> Iterator[str]:
    """Of what a file calls so: what is assigned to it or put into it, or what a function is called with."""
    for node in nodes(source):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=known)], value=ast.Dict() as value)
                | ast.AnnAssign(target=ast.Name(id=known), value=ast.Dict() as value)
            ) if known == name:
                yield from _fields(value, source)
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=known), slice=ast.Constant(value=key))]
            ) if known == name:
                yield key
            case ast.FunctionDef(name=function, args=ast.arguments(kwarg=ast.arg(arg=known))) if (
                known == name
            ):
                yield from _keywords(function, source)


def _keywords(function: str, source: str) -> Iterator[str]:
    for node in nodes(source):
        match node:
            case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called)) if (
                called == function
            ):
                yield from (each.arg or ast.unparse(each.value) for each in node.keywords)


PLANTED = """
def told(self, **facts):
    place = {"consultation_id": "a", "file": "b"}
    _log.error("told", extra={**place, **facts})

told(words=1)
more = {"method": "GET"}
more["code"] = "x"
more["typed"] = "what somebody wrote"
_log.info("request", extra=more | {"status": 1, "name": "Amina"})
_log.info("request", extra={"host": "x"})
_log.info("request", extra=made_elsewhere)
"""


def test_every_field_of_a_log_call_is_logged() -> None:
    none(
        complaint for path, source in python_files().items() for complaint in unlisted(path, source)
    )


def test_what_is_not_listed_is_found() -> None:
    found = [complaint.split()[1] for complaint in unlisted("a.py", PLANTED)]
    assert sorted(found) == ["made_elsewhere", "name", "typed", "words"]
