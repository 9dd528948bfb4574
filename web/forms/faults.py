"""Everything that is wrong with a form, so that it can be said at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from signaling.errors import InvalidInput


class FaultyForm(InvalidInput):
    """Several fields are wrong; it stands for the first of them."""

    def __init__(self, faults: Sequence[InvalidInput]) -> None:
        first = faults[0]
        super().__init__(first.field, first.sentence, **first.values)
        self.faults = tuple(faults)


def faults_of(error: InvalidInput) -> tuple[InvalidInput, ...]:
    """What is wrong, field by field, in the order of the form."""
    return error.faults if isinstance(error, FaultyForm) else (error,)


class Faults:
    """Collects the faults of the fields that are read one after another."""

    def __init__(self) -> None:
        self._found: list[InvalidInput] = []

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Go on after this block even if it finds a fault."""
        try:
            yield
        except InvalidInput as error:
            self._found += faults_of(error)

    def settle(self) -> None:
        """Raises InvalidInput for what was found: the first fault of each field."""
        first = {fault.field: fault for fault in reversed(self._found)}
        found = [fault for fault in self._found if first[fault.field] is fault]
        if found:
            raise FaultyForm(found) if len(found) > 1 else found[0]
