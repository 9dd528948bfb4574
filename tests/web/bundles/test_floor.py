"""The check of what engines lack finds it, and believes who asks first."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.slow


LACKED = {
    "structuredClone({});": "structuredClone is not in chrome 76, firefox 78, safari_ios 13.4",
    "[1].findLast(Boolean);": "findLast is not in chrome 92",
    "fetch('/', { signal: AbortSignal.timeout(1) });": "timeout is not in chrome 92",
    "new Intl.ListFormat('en');": "ListFormat is not in safari_ios 13.4",
    "new CompressionStream('gzip');": "CompressionStream is not in",
    "try { f(); } catch { [1].findLast(Boolean); }": "findLast is not in chrome 92",
    "if (a.type === 'inbound-rtp') f(a.pauseCount ?? 0);": "pauseCount is not in chrome 76, firefox 78",
    "if (a.type === 'transport') (({ dtlsRole }) => dtlsRole)(a);": "dtlsRole is not in chrome 76",
    "a.scalabilityMode = 'L1T1';": "scalabilityMode is not in chrome 76, firefox 78",
}
ASKED_OR_BROUGHT = [
    "[1].at(-1); document.body.replaceChildren();",  # js/engines gives it to them
    "if ('structuredClone' in window) structuredClone({});",
    "try { navigator.permissions.query({}); } catch {}",
    "navigator.wakeLock?.request('screen');",
    "class Own { toSorted() {} } new Own().toSorted();",
    "if (a.type === 'candidate-pair') f(a.currentRoundTripTime);",  # it is filled in
    "f(a.pauseCount);",  # no stats are named
    "const structuredClone = (x) => x; structuredClone({});",
]
NEWER = {
    "const a = b?.c;": "ChainExpression is newer",
    "const a = b ?? c;": "?? is newer",
    "class A { #b() {} }": "",
    "const a = await b;": "",
    "a ||= b;": "",
    "const a = 2n;": "newer",
}


@cache
def given() -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "web.bundles"], cwd=ROOT, capture_output=True, check=True
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def said(**instead: Any) -> list[str]:
    ran = subprocess.run(
        ["node", "tests/javascript/floor.js"], cwd=ROOT, capture_output=True, text=True,
        input=json.dumps({**given(), "sources": {}, "older": {}} | instead),
    )  # fmt: skip
    assert ran.stderr == ""
    assert ran.returncode == (1 if ran.stdout else 0)
    return ran.stdout.splitlines()


@cache
def said_of_all() -> list[str]:
    """Of every program above, each in a file of its own; for reading the data takes most of the time."""
    return said(
        sources={name(program): program for program in (*LACKED, *ASKED_OR_BROUGHT)},
        older={name(program): program for program in NEWER},
    )


def name(program: str) -> str:
    return f"{[*LACKED, *ASKED_OR_BROUGHT, *NEWER].index(program)}.js"


def said_of(program: str) -> list[str]:
    return [line for line in said_of_all() if line.startswith(f"{name(program)}:")]


@pytest.mark.parametrize("program", LACKED)
def test_what_an_engine_lacks_is_found(program: str) -> None:
    assert any(LACKED[program] in line for line in said_of(program))


@pytest.mark.parametrize("program", ASKED_OR_BROUGHT)
def test_who_asks_first_or_brings_it_may_use_it(program: str) -> None:
    assert said_of(program) == []


@pytest.mark.parametrize("program", NEWER)
def test_new_syntax_in_the_older_build_is_found(program: str) -> None:
    assert any(NEWER[program] in line for line in said_of(program))


def test_what_is_said_to_be_filled_in_is() -> None:
    assert "js/engines: at is not filled in" in said(engines="")


def test_the_front_end_keeps_to_its_floors() -> None:
    assert said(sources=given()["sources"], older=given()["older"]) == []
