"""Runs a program that ends with whoever started it: `python -m web.calls.tied PARENT PROGRAM ...`.

A program that is not ours does not notice that its parent was killed.
"""

import os
import sys

from web.processes.parent import end_with


def main() -> None:
    """Become the program, unless the parent has ended already."""
    parent, *command = sys.argv[1:]
    end_with(int(parent))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
