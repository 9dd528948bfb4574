"""`python -m web.bundles`: what `tests/javascript/floor.js` looks at, as JSON on standard output.

Both builds are made, so a source that the compiler refuses or warns of for either ends with status 1.
"""

import json
import sys
from pathlib import Path

from web.bundles.bundling import CURRENT, OLDER, bundle
from web.bundles.compiler import NotCompiled

STATIC = Path(__file__).parents[1] / "static"
ENGINES = ("chrome", "firefox", "safari_ios")
"As browser-compat-data names them."
IOS = {"13.1": "13.4"}
"Safari -> the iOS that it came with, where the numbers differ."


def main() -> int:
    sources = {
        str(path.relative_to(STATIC)): path.read_bytes()
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in (".js", ".css")
    }
    try:
        bundle(sources, CURRENT)
        older = bundle(sources, OLDER)
    except NotCompiled as reason:
        print(reason, file=sys.stderr)
        return 1
    print(
        json.dumps(
            {
                "sources": {
                    name: text.decode()
                    for name, text in sources.items()
                    if name.endswith(".js") and not name.startswith("js/engines/")
                },
                "engines": "".join(
                    text.decode()
                    for name, text in sources.items()
                    if name.startswith("js/engines/")
                ),
                "older": {
                    name: text.decode()
                    for name, text in older.files.items()
                    if name.endswith(".js")
                },
                "floors": {"current": _versions(CURRENT), "older": _versions(OLDER)},
            }
        )
    )
    return 0


def _versions(targets: tuple[str, ...]) -> dict[str, str]:
    """Engine -> version, of targets in the order of `ENGINES`."""
    versions = [target.lstrip("abcdefghijklmnopqrstuvwxyz") for target in targets]
    versions[-1] = IOS.get(versions[-1], versions[-1])
    return dict(zip(ENGINES, versions, strict=True))


if __name__ == "__main__":
    sys.exit(main())
