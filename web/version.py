"""Which version of the program this is."""

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """As the package says, read from a file; empty in a checkout that was never installed."""
    try:
        return version("teleconnect")
    except PackageNotFoundError:
        return ""
