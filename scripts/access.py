"""Prints `docs/access.md`, who may do what in a session: `python -m scripts.access`."""

import argparse
import sys

from signaling.access import EVERYBODY, MATRIX

_INTRODUCTION = """\
# Who may do what

Printed by `python -m scripts.access` from `signaling/access.py`; do not edit by hand.

A role is a place in one session: the scheduler's belongs to the account that planned it, all others
are taken by link. For anybody without a place in it, including other schedulers and administrators,
the session does not exist.
"""


def table() -> str:
    """The matrix as Markdown: one row for each action, one column for each role."""
    rows = [
        ["Action", *(role.replace("_", " ") for role in EVERYBODY)],
        ["---", *(":-:" for _ in EVERYBODY)],
        *(
            [f"`{action}`", *("yes" if role in roles else "" for role in EVERYBODY)]
            for action, roles in MATRIX.items()
        ),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def document() -> str:
    return f"{_INTRODUCTION}\n{table()}"


def main() -> int:
    argparse.ArgumentParser(
        prog="python -m scripts.access",
        description="Prints docs/access.md: who may do what in a session.",
    ).parse_args()
    print(document(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
