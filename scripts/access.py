"""Prints `docs/access.md`, who may do what in a session: `python -m scripts.access`."""

import argparse
import sys

from signaling.access import MATRIX, ROLES

_INTRODUCTION = """\
# Who may do what

Printed by `python -m scripts.access` from `signaling/access.py`; do not edit by hand.

A role is a place in one session: the scheduler's belongs to the account that planned it or took it
over, a co-scheduler's to an account with which it is shared; the invited people take theirs by link.
A team member, an account in a team of the scheduler's, has no seat: once somebody is there or the
session has begun, it may take part, which shares the session with it. For everybody else, including
other schedulers and administrators, the session does not exist.
"""


def table() -> str:
    """The matrix as Markdown: one row for each action, one column for each role."""
    rows = [
        ["Action", *(role.replace("_", " ") for role in ROLES)],
        ["---", *(":-:" for _ in ROLES)],
        *(
            [f"`{action}`", *("yes" if role in roles else "" for role in ROLES)]
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
