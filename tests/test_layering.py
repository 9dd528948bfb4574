"""The walls hold: who may import whom, how full a folder is, and how long a function.

The tables of layers and rooms are in `tests/rooms.py`. Each rule is a function from source
text to complaints, so that planted violations prove that it can complain.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping

import pytest

from tests.rooms import MAY_IMPORT, ROOMS
from tests.structure import (
    MOST_FILES,
    MOST_FUNCTION_LINES,
    MOST_LONG_FUNCTIONS,
    PACKAGES,
    circles,
    files,
    files_in_folders,
    imported_files,
    imported_rooms,
    imports,
    layer,
    long_functions,
    module_name,
    none,
    python_files,
    repeated_functions,
    room,
    room_of_module,
    rooms_as_they_are,
)

NOT_FOR_RULES = {
    "asyncio": "rules wait for nothing",
    "sqlite3": "SQL lives in storage",
    "socket": "rules speak to nobody",
    "ssl": "rules speak to nobody",
    "subprocess": "rules start nothing",
    "threading": "rules run in one thread",
    "time": "the time is an argument",
}


def layer_of(path: str) -> str | None:
    return layer(module_name(path))


def bad_imports(path: str, source: str) -> Iterator[str]:
    own = layer_of(path)
    assert own is not None, f"{path} belongs to no layer"
    for line, name in imports(path, source):
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


def bad_room_imports(path: str, source: str) -> Iterator[str]:
    own, own_layer = room(path), layer_of(path)
    for line, name in imports(path, source):
        other = room_of_module(name)
        if layer(name) == own_layer and other not in {own, None, *ROOMS.get(own, ())}:
            yield f"{path}:{line}: {own} may not import {other}: {name}"


def wrong_rows(graph: Mapping[str, set[str]]) -> Iterator[str]:
    """What the table of rooms says and these imports (file -> files) do not."""
    used = rooms_as_they_are(graph)
    for name in sorted(used.keys() - ROOMS.keys()):
        yield f"{name} has no row in ROOMS"
    for name, allowed in ROOMS.items():
        if name not in used:
            yield f"{name} has a row in ROOMS and no file"
        for other in sorted(allowed - used.get(name, allowed)):
            yield f"{name} imports {other} no longer: its row in ROOMS says so"


def crowded_folders(paths: Iterable[str]) -> Iterator[str]:
    for folder, count in files_in_folders(paths).items():
        if count > MOST_FILES:
            yield f"{folder}: {count} Python files; a group of them wants a folder of its own"


def closed_circles(graph: Mapping[str, set[str]]) -> Iterator[str]:
    for circle in circles(graph):
        yield f"import one another: {', '.join(sorted(circle))}"


PYTHON_RULES = (bad_imports, bad_room_imports)


@pytest.mark.parametrize("rule", PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_python_keeps_the_walls(rule) -> None:
    sources = python_files()
    assert len(sources) >= len(PACKAGES), "the packages were not found"
    none(complaint for path, text in sources.items() for complaint in rule(path, text))


BENCH_TESTS = {
    "tests/browser/connection/test_narrow_line.py",
    "tests/scripts/test_foreign_rules.py",
    "tests/scripts/test_network.py",
    "tests/scripts/test_reach_bench.py",
    "tests/scripts/test_relay_builds.py",
    "tests/scripts/test_relay_judging.py",
    "tests/test_benchmarks.py",
}
"The tests of the bench itself, and of what one of its figures promises."


def imports_of_the_bench(path: str, source: str) -> Iterator[str]:
    """What others share with the bench is in scripts/traffic."""
    if path in BENCH_TESTS:
        return
    for line, name in imports(path, source):
        if name.startswith("scripts.benchmarks"):
            yield f"{path}:{line} imports {name}; what tests need of it belongs in scripts/traffic"


def test_only_tests_of_the_bench_import_it() -> None:
    sources = {path: text for path, text in files("*.py").items() if path.startswith("tests/")}
    assert sources.keys() >= BENCH_TESTS
    none(c for path, text in sources.items() for c in imports_of_the_bench(path, text))
    planted = "from scripts.benchmarks.relay_attack import measure"
    assert list(imports_of_the_bench("tests/media/test_time.py", planted))


def test_the_table_of_rooms_has_each_room_and_only_imports_that_are_there() -> None:
    none(wrong_rows(imported_files(python_files())))


def test_no_files_import_one_another() -> None:
    none(closed_circles(imported_files(files("*.py", "*.c", "*.h", "*.js"))))


def test_no_rooms_import_one_another() -> None:
    none(closed_circles(imported_rooms(imported_files(python_files()))))


def test_no_folder_is_crowded() -> None:
    none(crowded_folders(files("*.py")))


def test_few_functions_are_long() -> None:
    found = sorted(long_functions(python_files()), reverse=True)
    listed = "\n".join(f"{lines} {path} {name}" for lines, path, name in found)
    assert len(found) <= MOST_LONG_FUNCTIONS, f"{len(found)} functions:\n{listed}"


def test_no_function_is_written_twice() -> None:
    none(", ".join(found) for found in repeated_functions(python_files()))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("signaling/invite.py", "from signaling.flows import inviting"),
        ("signaling/invite.py", "from signaling import flows"),
        ("signaling/invite.py", "from . import delivery"),
        ("signaling/invite.py", "import storage.records.invites"),
        ("signaling/invite.py", "from media import turn_credentials"),
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
        ("media/rtp/vp8.py", "from media.transport.port import Port"),
        ("media/rtp/vp8.py", "import typing\nif typing.TYPE_CHECKING:\n    import media.sfu.sfu"),
        ("media/participant_limits.py", "from media import relay"),
        ("media/rooms/room.py", "def late():\n    from ..forwarding import stun"),
        ("signaling/chat.py", "from signaling.ports import Chat"),
        ("signaling/chat.py", "from . import ports"),
        ("signaling/flows/locks.py", "from signaling.flows.calls import calling"),
        ("signaling/flows/calls/calling.py", "from signaling.flows.rooms import Rooms"),
        ("signaling/flows/notices/composing.py", "from ..invites import inviting"),
        ("storage/engine/vault.py", "from storage import store"),
        ("storage/records/chat.py", "import storage.backup.age"),
        ("web/http/request.py", "from web.pages import invites"),
        ("web/access/limits.py", "from web import keys"),
        ("web/routes.py", "from web.app import create_app"),
        ("scripts/backup.py", "from scripts.traffic import server"),
    ],
)
def test_an_import_from_a_forbidden_room_is_found(path: str, source: str) -> None:
    assert len(list(bad_room_imports(path, source))) == 1
    none(bad_imports(path, source))


def test_a_row_that_is_wrong_is_found() -> None:
    graph = {
        path: set(targets)
        for path, targets in imported_files(python_files()).items()
        if room(path) in {"web/http", "web (keys)", "scripts/benchmarks"}
    }
    before = set(wrong_rows(graph))
    assert any("web/keys.py" in graph[path] for path in graph if room(path) == "web/http")
    for path in graph:
        if room(path) == "web/http":
            graph[path].discard("web/keys.py")
    found = set(wrong_rows(graph)) - before
    assert found == {"web/http imports web (keys) no longer: its row in ROOMS says so"}
    graph["web/kitchen/sink.py"] = set()
    found = set(wrong_rows(graph)) - before - found
    assert found == {"web/kitchen has no row in ROOMS"}
    graph = {path: targets for path, targets in graph.items() if room(path) != "scripts/benchmarks"}
    assert "scripts/benchmarks has a row in ROOMS and no file" in set(wrong_rows(graph)) - before


@pytest.mark.parametrize(
    "sources",
    [
        {
            "web/a.py": "from web.b import B",
            "web/b.py": "import typing\nif typing.TYPE_CHECKING:\n    from web import a",
        },
        {
            "web/a/__init__.py": "def late():\n    from . import c",
            "web/a/b.py": "from web.a import NAME",
            "web/a/c.py": "from web.a.b import B",
        },
        {"media/native/a.h": '#include "b.h"', "media/native/b.h": '#include "a.h"'},
        {
            "web/static/js/a/a.js": 'import {\n  b,\n} from "../b.js";',
            "web/static/js/b.js": '/** @typedef {import("./a/a.js").A} A */',
        },
    ],
)
def test_a_circle_is_found(sources: dict[str, str]) -> None:
    assert circles(imported_files(sources)) == [set(sources)]


def test_a_line_of_imports_is_no_circle() -> None:
    none(closed_circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}))


def test_a_circle_of_rooms_is_found_where_no_files_form_one() -> None:
    graph = {
        "media/rtp/red.py": {"media/sfu/sfu.py"},
        "media/sfu/rtcp_received.py": {"media/rtp/vp8.py"},
        "media/sfu/sfu.py": set(),
        "media/rtp/vp8.py": set(),
    }
    none(closed_circles(graph))
    assert list(closed_circles(imported_rooms(graph))) == [
        "import one another: media/rtp, media/sfu"
    ]


def test_crowded_folders_and_long_functions_are_found() -> None:
    names = [f"web/a{number}.py" for number in range(MOST_FILES)]
    none(crowded_folders([*names, "web/http/a.py"]))
    assert len(list(crowded_folders([*names, "web/a.py"]))) == 1
    body = "    pass\n" * (MOST_FUNCTION_LINES - 1)
    none(str(found) for found in long_functions({"web/a.py": f"def f():\n{body}"}))
    longer = f"class A:\n  async def f(self):\n{body}    pass\n"
    assert list(long_functions({"web/a.py": longer})) == [
        (MOST_FUNCTION_LINES + 1, "web/a.py", "f")
    ]


def test_a_function_that_is_written_twice_is_found() -> None:
    body = "\n".join(f"    print({number} + a.b.c(a))" for number in range(5))
    once = {"web/a.py": f"def f(a):\n    'Prints.'\n{body}", "web/b.py": "def f(a):\n    pass"}
    none(", ".join(found) for found in repeated_functions(once))
    twice = once | {"media/c.py": f"class C:\n  def g(a):\n{body}"}
    assert list(repeated_functions(twice)) == [["web/a.py f", "media/c.py g"]]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("signaling/invite.py", "import msgspec\nfrom datetime import datetime"),
        ("signaling/invite.py", "from signaling.errors import InviteNotUsable"),
        ("signaling/invite.py", "from . import errors"),
        (
            "signaling/flows/invites/inviting.py",
            "from signaling.ports.invites import Invites\nfrom ... import invite",
        ),
        ("signaling/delivery/__init__.py", "from . import smtp\nimport aiosmtplib, asyncio"),
        ("media/relay.py", "from media import turn_credentials\nimport aiortc"),
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
