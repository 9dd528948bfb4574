"""Prints `docs/guide.md`, the guide for schedulers: `python -m scripts.guide`."""

import argparse
import sys

from web.texts.catalogs import Catalogs
from web.texts.guide import as_markdown, pictures_of

_NOTE = "Printed by `python -m scripts.guide` from `web/texts/guide.py`; do not edit by hand."


def document() -> str:
    """The English guide, with the pictures that the page of help shows."""
    language = Catalogs.load().get("en")
    title, _, rest = as_markdown(language, f"../web/static/{pictures_of('en')}").partition("\n")
    return f"{title}\n\n{_NOTE}\n{rest}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.guide", description=__doc__)
    parser.parse_args(arguments)
    sys.stdout.write(document())
    return 0


if __name__ == "__main__":
    sys.exit(main())
