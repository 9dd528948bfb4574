"""The walls of the house hold: who may import whom, and what stands in one place only.

The table below is that of the design. Each rule is a function from source text to complaints, so
that planted violations prove that it can complain.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("media", "scripts", "signaling", "storage", "web")

MAY_IMPORT = {
    "rules": {"rules"},
    "flows": {"flows", "rules"},  # among the rules is signaling.ports
    "delivery": {"delivery", "rules"},
    "media": {"media"},
    "storage": {"storage", "rules"},
    "web": {"web", "storage", "media", "delivery", "flows", "rules"},
    "scripts": {"scripts", "web", "storage", "media", "delivery", "flows", "rules"},
}
"Layer -> layers of ours that it may import."

NOT_FOR_RULES = {
    "asyncio": "rules wait for nothing",
    "sqlite3": "SQL lives in storage",
    "socket": "rules speak to nobody",
    "ssl": "rules speak to nobody",
    "subprocess": "rules start nothing",
    "threading": "rules run in one thread",
    "time": "the time is an argument",
}

SQL = re.compile(
    r"""\s*(
        (SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|PRAGMA|BEGIN|COMMIT|ROLLBACK)(\s|;)
        | (BEGIN|COMMIT|ROLLBACK)$
        | (?i: select\s.+\sfrom\s | insert\s+(or\s+\w+\s+)?into\s | delete\s+from\s\w+\s+where
             | update\s+\w+\s+set\s | create\s+(unique\s+)?(table|index|trigger)\s | pragma\s+\w )
    )""",
    re.VERBOSE | re.DOTALL,
)
"Capitals as SQL is written, or small letters with the grammar; not a sentence like 'Delete it'."

ADDRESS = re.compile(
    r"/(signin|signout|setup|password|account|invites|waiting-room|sessions|opened|history|device-test|i|r|admin"
    r"|socket|static|healthz|readyz|metrics)(?![\w.-])"
)
MARKUP_FROM_TEXT = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b")

MOST_LINES = 450
JAVASCRIPT_FOLDERS = ("web/static/", "tests/javascript/")
"scripts/check reads these; eslint.config.js is a tool's setting."


parsed = cache(ast.parse)
"Each file is read by several rules."


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


def imports(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything imported, also late or only for types."""
    package = list(PurePosixPath(path).parent.parts)
    for node in ast.walk(tree):
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


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """String constants, those inside f-strings too, but no docstrings."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def bad_imports(path: str, source: str) -> Iterator[str]:
    own = layer(module_name(path))
    assert own is not None, f"{path} belongs to no layer"
    for line, name in imports(path, parsed(source)):
        other = layer(name)
        if other is not None:
            if other not in MAY_IMPORT[own]:
                yield f"{path}:{line}: {own} may not import {name}"
        elif own == "rules":
            top = name.partition(".")[0]
            if top in NOT_FOR_RULES:
                yield f"{path}:{line}: {name}: {NOT_FOR_RULES[top]}"
            elif top != "msgspec" and top not in sys.stdlib_module_names:
                yield f"{path}:{line}: rules know only msgspec and the standard library, not {name}"


def clocks_in_rules(path: str, source: str) -> Iterator[str]:
    if layer(module_name(path)) != "rules":
        return
    for node in ast.walk(parsed(source)):
        match node:
            case ast.Attribute(
                value=ast.Name(id="datetime" | "date") | ast.Attribute(attr="datetime" | "date"),
                attr="now" | "utcnow" | "today",
            ):
                yield f"{path}:{node.lineno}: the time is an argument of rules"


def environment_reads(path: str, source: str) -> Iterator[str]:
    if path == "web/config.py":
        return
    names = {"environ", "environb", "getenv", "getenvb"}
    for node in ast.walk(parsed(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in names:
                yield f"{path}:{node.lineno}: os.{name}: only web/config.py reads the environment"
            case ast.ImportFrom(module="os", names=aliases):
                for alias in aliases:
                    if alias.name in names:
                        yield f"{path}:{node.lineno}: only web/config.py reads the environment"


def sql_outside_storage(path: str, source: str) -> Iterator[str]:
    if path.startswith(("storage/", "scripts/benchmarks/", "scripts/traffic/")):
        return
    for line, text in strings(parsed(source)):
        if SQL.match(text):
            yield f"{path}:{line}: SQL lives in storage: {text.strip()[:40]!r}"


def addresses_outside_routes(path: str, source: str) -> Iterator[str]:
    if not path.startswith("web/") or path == "web/routes.py":
        return
    for line, text in strings(parsed(source)):
        if ADDRESS.match(text):
            yield f"{path}:{line}: addresses live in web/routes.py: {text!r}"


def markup_from_text(path: str, source: str) -> Iterator[str]:
    for number, line in enumerate(source.splitlines(), 1):
        if found := MARKUP_FROM_TEXT.search(line):
            yield f"{path}:{number}: text never becomes markup: {found[0]}"


def long_file(path: str, source: str) -> Iterator[str]:
    if (count := len(source.splitlines())) > MOST_LINES:
        yield f"{path}: {count} lines; a second concern wants a file of its own"


def files(*patterns: str) -> dict[str, str]:
    """Path and text of our files that match; what is installed or generated is not ours."""
    found = {}
    for folder in (*PACKAGES, "tests"):
        for pattern in patterns:
            for file in sorted((ROOT / folder).rglob(pattern)):
                found[file.relative_to(ROOT).as_posix()] = file.read_text(encoding="utf-8")
    return found


def python_files() -> dict[str, str]:
    return {path: text for path, text in files("*.py").items() if not path.startswith("tests/")}


def none(complaints: Iterable[str]) -> None:
    found = list(complaints)
    assert not found, "\n" + "\n".join(found)


PYTHON_RULES = (
    bad_imports,
    clocks_in_rules,
    environment_reads,
    sql_outside_storage,
    addresses_outside_routes,
)


@pytest.mark.parametrize("rule", PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_python_keeps_the_walls(rule) -> None:
    sources = python_files()
    assert len(sources) >= len(PACKAGES), "the packages were not found"
    none(complaint for path, text in sources.items() for complaint in rule(path, text))


BENCH_TESTS = {
    "tests/scripts/test_network.py",
    "tests/scripts/test_relay_judging.py",
    "tests/test_benchmarks.py",
}
"The tests of the bench itself."


def imports_of_the_bench(path: str, source: str) -> Iterator[str]:
    """What others share with the bench is in scripts/traffic."""
    if path in BENCH_TESTS:
        return
    for line, name in imports(path, parsed(source)):
        if name.startswith("scripts.benchmarks"):
            yield f"{path}:{line} imports {name}; what tests need of it belongs in scripts/traffic"


def test_only_tests_of_the_bench_import_it() -> None:
    sources = {path: text for path, text in files("*.py").items() if path.startswith("tests/")}
    assert sources.keys() >= BENCH_TESTS
    none(c for path, text in sources.items() for c in imports_of_the_bench(path, text))
    planted = "from scripts.benchmarks.relay_attack import measure"
    assert list(imports_of_the_bench("tests/media/test_time.py", planted))


def test_text_never_becomes_markup() -> None:
    none(c for path, text in files("*.js").items() for c in markup_from_text(path, text))


def test_files_are_short() -> None:
    sources = files("*.py", "*.js", "*.css", "*.sql")
    none(c for path, text in sources.items() for c in long_file(path, text))


def test_the_front_end_stands_where_it_is_checked() -> None:
    sources = files("*.js", "*.mjs", "*.cjs", "*.css")
    none(path for path in sources if not path.startswith(JAVASCRIPT_FOLDERS))
    none(path for path in sources if not path.endswith((".js", ".css")))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("signaling/invite.py", "from signaling.flows import inviting"),
        ("signaling/invite.py", "from signaling import flows"),
        ("signaling/invite.py", "from . import delivery"),
        ("signaling/invite.py", "import storage.records.invites"),
        ("signaling/invite.py", "from media import turn"),
        ("signaling/invite.py", "import aiohttp"),
        ("signaling/invite.py", "import asyncio"),
        ("signaling/invite.py", "def late():\n    import sqlite3"),
        ("signaling/invite.py", "import time"),
        ("signaling/__init__.py", "from .flows import inviting"),
        ("signaling/flows/invites/inviting.py", "from storage import invites"),
        ("signaling/flows/invites/inviting.py", "from ...delivery import smtp"),
        (
            "signaling/flows/invites/inviting.py",
            "import importlib\nimportlib.import_module('web.app')",
        ),
        ("signaling/flows/__init__.py", "from .. import delivery"),
        ("signaling/delivery/smtp.py", "from signaling.flows.notices.sending import notify"),
        ("signaling/delivery/smtp.py", "import web.config"),
        ("media/relay.py", "from signaling.rooms.room import Room"),
        ("media/relay.py", "import typing\nif typing.TYPE_CHECKING:\n    import storage"),
        ("storage/records/invites.py", "from signaling.flows import inviting"),
        ("storage/records/invites.py", "from web.config import Config"),
        ("web/app.py", "from scripts import create_account"),
        ("web/app.py", "from tests import serving"),
        ("scripts/create_account.py", "import tests.serving"),
    ],
)
def test_a_forbidden_import_is_found(path: str, source: str) -> None:
    assert len(list(bad_imports(path, source))) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("signaling/invite.py", "import msgspec\nfrom datetime import datetime"),
        ("signaling/invite.py", "from signaling.errors import InviteNotUsable"),
        ("signaling/invite.py", "from . import errors"),
        (
            "signaling/flows/invites/inviting.py",
            "from signaling.ports import Invites\nfrom ... import invite",
        ),
        ("signaling/delivery/__init__.py", "from . import smtp\nimport aiosmtplib, asyncio"),
        ("media/relay.py", "from media import turn\nimport aiortc"),
        ("storage/records/invites.py", "from signaling.invite import Invite\nimport aiosqlite"),
        ("web/app.py", "import signaling.flows, signaling.delivery, storage, media, aiohttp"),
        (
            "scripts/create_account.py",
            "from web.app import create_app\nfrom storage import accounts",
        ),
        ("web/app.py", "import webbrowser, mediapipe"),
    ],
)
def test_an_allowed_import_is_allowed(path: str, source: str) -> None:
    none(bad_imports(path, source))


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (
            clocks_in_rules,
            "signaling/rooms/room.py",
            "from datetime import datetime\ndatetime.now()",
        ),
        (clocks_in_rules, "signaling/rooms/room.py", "import datetime\ndatetime.datetime.now(UTC)"),
        (clocks_in_rules, "signaling/rooms/room.py", "from datetime import date\ndate.today()"),
        (environment_reads, "web/app.py", "import os\nos.environ['PORT']"),
        (environment_reads, "storage/engine/vault.py", "import os\nkey = os.getenv('KEY')"),
        (environment_reads, "signaling/brand.py", "from os import environ"),
        (sql_outside_storage, "web/pages/invites.py", "q = 'SELECT 1'"),
        (sql_outside_storage, "web/pages/invites.py", "q = f'''\n  UPDATE {t} SET a=1'''"),
        (
            sql_outside_storage,
            "signaling/flows/invites/inviting.py",
            "q = 'insert into invites values'",
        ),
        (sql_outside_storage, "scripts/create_account.py", "q = 'PRAGMA foreign_keys=ON'"),
        (sql_outside_storage, "web/app.py", "q = 'COMMIT'"),
        (sql_outside_storage, "web/app.py", "q = 'select id from invites where 1'"),
        (addresses_outside_routes, "web/pages/signin.py", "a = '/signin'"),
        (addresses_outside_routes, "web/pages/report.py", "a = f'/sessions/{id}/report.pdf'"),
        (addresses_outside_routes, "web/pages/invite.py", "a = '/i/' + token"),
        (addresses_outside_routes, "web/pages/invite.py", "a = '/history?page=2'"),
        (markup_from_text, "web/static/js/a.js", "tile.innerHTML = name;"),
        (markup_from_text, "web/static/js/a.js", "list.insertAdjacentHTML('beforeend', row)"),
        (long_file, "web/app.py", "x = 1\n" * 451),
    ],
)
def test_a_planted_violation_is_found(rule, path: str, source: str) -> None:
    assert len(list(rule(path, source))) == 1


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (clocks_in_rules, "web/clock.py", "from datetime import datetime\ndatetime.now(UTC)"),
        (environment_reads, "web/config.py", "import os\nos.environ"),
        (environment_reads, "web/app.py", "config.environ"),
        (sql_outside_storage, "storage/records/invites.py", "q = 'SELECT 1'"),
        (sql_outside_storage, "scripts/benchmarks/inserts.py", "q = 'INSERT INTO a VALUES (1)'"),
        (sql_outside_storage, "web/pages/invites.py", "label = 'Delete the invite'"),
        (sql_outside_storage, "web/pages/invites.py", "label = 'Create an account from here'"),
        (sql_outside_storage, "web/pages/invites.py", "label = 'Update'\nmethod = 'DELETE'"),
        (sql_outside_storage, "web/pages/invites.py", "'''SELECT is said in prose here.'''"),
        (addresses_outside_routes, "web/routes.py", "SIGNIN = '/signin'"),
        (addresses_outside_routes, "web/pages/a.py", "kind = 'text/html'\nslash = '/'"),
        (addresses_outside_routes, "web/assets.py", "name = '/icons'\nfolder = '/ring'"),
        (markup_from_text, "web/static/js/a.js", "tile.textContent = name;"),
        (long_file, "web/app.py", "x = 1\n" * 450),
    ],
)
def test_what_is_no_violation_is_left_alone(rule, path: str, source: str) -> None:
    none(rule(path, source))
