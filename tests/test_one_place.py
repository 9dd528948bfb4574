"""What is written in one place only: SQL, addresses, the environment's names, time, markup.

Each rule is a function from source text to complaints, so that planted violations prove that it
can complain. Who may import whom is in `tests/test_layering.py`.
"""

import ast
import re
from collections.abc import Iterable, Iterator

import pytest

from tests.structure import PACKAGES, files, layer, module_name, nodes, none, python_files

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

AT_THE_START = re.compile(r"\bCONFIG\]\.(brand|media_policy|reminder_minutes)\b")
"What the server began with; an administrator may have changed it since."

FUNCTION = re.compile(r"\s*(\([^()]*\)|\w+)\s*=>(?!\s*Promise)")
"A function of JavaScript that gives its value at once."

MOST_LINES = 450
JAVASCRIPT_FOLDERS = (
    "web/static/",
    "tests/javascript/",
    "scripts/benchmarks/_foreign/clients/",
)
"scripts/check reads these; eslint.config.js is a tool's setting."


def strings(tree: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """String constants, those inside f-strings too, but no docstrings."""
    prose = {id(node.value) for node in tree if isinstance(node, ast.Expr)}
    for node in tree:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def clocks_in_rules(path: str, source: str) -> Iterator[str]:
    if layer(module_name(path)) != "rules":
        return
    for node in nodes(source):
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
    for node in nodes(source):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in names:
                yield f"{path}:{node.lineno}: os.{name}: only web/config.py reads the environment"
            case ast.ImportFrom(module="os", names=aliases):
                for alias in aliases:
                    if alias.name in names:
                        yield f"{path}:{node.lineno}: only web/config.py reads the environment"


def settings_in_flows(path: str, source: str) -> Iterator[str]:
    if not path.startswith("signaling/"):
        return
    for line, text in strings(nodes(source)):
        if "TELECONNECT_" in text:
            yield f"{path}:{line}: rules and flows are given values, and know no setting: {text!r}"


def sql_outside_storage(path: str, source: str) -> Iterator[str]:
    if path.startswith(("storage/", "scripts/benchmarks/", "scripts/traffic/")):
        return
    for line, text in strings(nodes(source)):
        if SQL.match(text):
            yield f"{path}:{line}: SQL lives in storage: {text.strip()[:40]!r}"


def addresses_outside_routes(path: str, source: str) -> Iterator[str]:
    if not path.startswith("web/") or path == "web/routes.py":
        return
    for line, text in strings(nodes(source)):
        if ADDRESS.match(text):
            yield f"{path}:{line}: addresses live in web/routes.py: {text!r}"


def runtime_values_of_the_start(path: str, source: str) -> Iterator[str]:
    for number, line in enumerate(source.splitlines(), 1):
        if found := AT_THE_START.search(line):
            yield f"{path}:{number}: {found[0]} may have changed: ask RUNTIME_SETTINGS"


def markup_from_text(path: str, source: str) -> Iterator[str]:
    for number, line in enumerate(source.splitlines(), 1):
        if found := MARKUP_FROM_TEXT.search(line):
            yield f"{path}:{number}: text never becomes markup: {found[0]}"


def pages_read_elsewhere(path: str, source: str) -> Iterator[str]:
    for number, line in enumerate(source.splitlines(), 1):
        if "DOMParser" in line and path != "web/static/js/shared/dom.js":
            yield f"{path}:{number}: a page is read by readPage, without what is for browsers without scripts"


def waits_that_do_not_wait(path: str, source: str) -> Iterator[str]:
    """Playwright evaluates an expression again and again, which our pages forbid, and awaits nothing."""
    if "wait_for_function" not in source:
        return
    texts = {
        target.id: _beginning(node.value)
        for node in nodes(source)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes(source):
        match node:
            case ast.Call(func=ast.Attribute(attr="wait_for_function"), args=[asked, *_]):
                text = texts.get(asked.id, "") if isinstance(asked, ast.Name) else _beginning(asked)
                if not FUNCTION.match(text):
                    yield f"{path}:{node.lineno}: wait for a function, for an async one by until()"


def _beginning(value: ast.expr) -> str:
    """The text of a string, of an f-string the part before its first value."""
    match value:
        case (
            ast.Constant(value=str(text))
            | ast.JoinedStr(values=[ast.Constant(value=str(text)), *_])
        ):
            return text
    return ""


def long_file(path: str, source: str) -> Iterator[str]:
    if (count := len(source.splitlines())) > MOST_LINES:
        yield f"{path}: {count} lines; a second concern wants a file of its own"


PYTHON_RULES = (
    clocks_in_rules,
    environment_reads,
    settings_in_flows,
    sql_outside_storage,
    addresses_outside_routes,
    runtime_values_of_the_start,
)


@pytest.mark.parametrize("rule", PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_python_keeps_to_one_place(rule) -> None:
    sources = python_files()
    assert len(sources) >= len(PACKAGES), "the packages were not found"
    none(complaint for path, text in sources.items() for complaint in rule(path, text))


def test_text_never_becomes_markup() -> None:
    none(c for path, text in files("*.js").items() for c in markup_from_text(path, text))


def test_pages_are_read_in_one_place() -> None:
    none(c for path, text in files("*.js").items() for c in pages_read_elsewhere(path, text))


def test_waiting_for_a_page_waits() -> None:
    none(c for path, text in files("*.py").items() for c in waits_that_do_not_wait(path, text))


def test_files_are_short() -> None:
    sources = files("*.py", "*.js", "*.css", "*.sql")
    none(c for path, text in sources.items() for c in long_file(path, text))


def test_the_front_end_stands_where_it_is_checked() -> None:
    sources = files("*.js", "*.mjs", "*.cjs", "*.css")
    none(path for path in sources if not path.startswith(JAVASCRIPT_FOLDERS))
    none(path for path in sources if not path.endswith((".js", ".css")))


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
        (settings_in_flows, "signaling/identity.py", "reason = f'{name}: TELECONNECT_OIDC_ALLOW'"),
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
        (runtime_values_of_the_start, "web/pages/a.py", "name = app[CONFIG].brand"),
        (markup_from_text, "web/static/js/a.js", "tile.innerHTML = name;"),
        (markup_from_text, "web/static/js/a.js", "list.insertAdjacentHTML('beforeend', row)"),
        (pages_read_elsewhere, "web/static/js/a.js", "const page = new DOMParser();"),
        (waits_that_do_not_wait, "tests/a.py", "page.wait_for_function('window.ready')"),
        (waits_that_do_not_wait, "tests/a.py", "page.wait_for_function('async () => ready()')"),
        (waits_that_do_not_wait, "tests/a.py", "page.wait_for_function(f'async () => {READY}')"),
        (
            waits_that_do_not_wait,
            "tests/a.py",
            "READY = '() => Promise.all(all)'\npage.wait_for_function(READY)",
        ),
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
        (settings_in_flows, "web/config.py", "name = 'TELECONNECT_PORT'"),
        (
            settings_in_flows,
            "signaling/a.py",
            "def allow():\n    'As TELECONNECT_OIDC_ALLOW says.'",
        ),
        (sql_outside_storage, "storage/records/invites.py", "q = 'SELECT 1'"),
        (sql_outside_storage, "scripts/benchmarks/inserts.py", "q = 'INSERT INTO a VALUES (1)'"),
        (sql_outside_storage, "web/pages/invites.py", "label = 'Delete the invite'"),
        (sql_outside_storage, "web/pages/invites.py", "label = 'Create an account from here'"),
        (sql_outside_storage, "web/pages/invites.py", "label = 'Update'\nmethod = 'DELETE'"),
        (sql_outside_storage, "web/pages/invites.py", "'''SELECT is said in prose here.'''"),
        (addresses_outside_routes, "web/routes.py", "SIGNIN = '/signin'"),
        (addresses_outside_routes, "web/pages/a.py", "kind = 'text/html'\nslash = '/'"),
        (addresses_outside_routes, "web/assets.py", "name = '/icons'\nfolder = '/ring'"),
        (runtime_values_of_the_start, "web/pages/a.py", "name = app[RUNTIME_SETTINGS].brand"),
        (markup_from_text, "web/static/js/a.js", "tile.textContent = name;"),
        (waits_that_do_not_wait, "tests/a.py", "page.wait_for_function('many => many > 1')"),
        (waits_that_do_not_wait, "tests/a.py", "page.wait_for_function(f'() => {COUNT} > 1')"),
        (
            waits_that_do_not_wait,
            "tests/a.py",
            "READY = ' () => ready'\npage.wait_for_function(READY)",
        ),
        (long_file, "web/app.py", "x = 1\n" * 450),
    ],
)
def test_what_is_no_violation_is_left_alone(rule, path: str, source: str) -> None:
    none(rule(path, source))
