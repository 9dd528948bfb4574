"""The native loop under sanitizers: no packet leads it astray, and its thread races with nobody."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = sorted(str(file) for file in (ROOT / "media/native").glob("*.c"))
PACKETS = ("feedback", "forward", "send", "thread", "table", "history", "lock")
"What the thread runs, which is linked without Python."
TESTS = ("native/test_native", "transport/test_port", "forwarding/test_connectivity_checks")

PROGRAM = """
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.ExtensionFileLoader("media.native._native", sys.argv[1])
spec = importlib.util.spec_from_loader("media.native._native", loader)
module = importlib.util.module_from_spec(spec)
sys.modules["media.native._native"] = module
loader.exec_module(module)
from media.native import native
assert native is module
import pytest
class Longer:
    def pytest_sessionstart(self):
        from hypothesis import settings
        settings.register_profile("long", max_examples=500, deadline=None)
        settings.load_profile("long")
sys.exit(pytest.main(sys.argv[2:], plugins=[Longer()]))
"""


@pytest.mark.soak
def test_no_packet_leads_astray(tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    assert compiler is not None, "this run needs gcc; its libasan is loaded before Python"
    library = tmp_path / "_native.so"
    subprocess.run(
        [
            compiler,
            "-g",
            "-O1",
            "-shared",
            "-fPIC",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=undefined",
            f"-I{sysconfig.get_paths()['include']}",
            *SOURCES,
            "-o",
            str(library),
        ],
        check=True,
    )
    runtime = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM,
            str(library),
            "-q",
            "-p",
            "no:cacheprovider",
            "-k",
            "not python_alone",
            *(f"tests/media/{name}.py" for name in TESTS),
        ],
        # Python frees much only at its end, and its own allocator would hide what is beyond.
        env={
            "LD_PRELOAD": runtime,
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONMALLOC": "malloc",
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=380,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.soak
@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
def test_the_thread_and_python_touch_nothing_at_the_same_time(
    tmp_path: Path, sanitizer: str
) -> None:
    """`two_threads.c` plays Python beside the thread: it changes all that Python changes."""
    compiler = shutil.which("gcc")
    assert compiler is not None, "this run needs gcc and its sanitizers"
    program = tmp_path / "two_threads"
    subprocess.run(
        [
            compiler,
            "-g",
            "-O1",
            "-pthread",
            "-Wall",
            "-Wextra",
            "-Werror",
            f"-fsanitize={sanitizer}",
            f"-I{sysconfig.get_paths()['include']}",
            f"-I{ROOT / 'media/native'}",
            *(str(ROOT / "media/native" / f"{name}.c") for name in PACKETS),
            str(Path(__file__).with_name("two_threads.c")),
            "-lm",
            "-o",
            str(program),
        ],
        check=True,
    )
    done = subprocess.run(
        [program, "20"],
        env={"ASAN_OPTIONS": "detect_leaks=0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
