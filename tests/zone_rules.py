"""Time zone databases, newer and older than the installed one."""

import shutil
from importlib.resources import files
from pathlib import Path

PACKAGE = Path(str(files("tzdata") / "zoneinfo"))


def database(folder: Path, version: str, **zones: str) -> Path:
    """A folder of few zones: `Africa__Casablanca="Etc/GMT-1"` has the clocks of another zone."""
    for name, like in zones.items():
        place = folder / name.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / like, place)
    if version:
        (folder / "tzdata.zi").write_text(f"# version {version}\n# redo posix_only\n")
    return folder
