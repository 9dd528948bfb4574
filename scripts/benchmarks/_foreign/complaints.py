"""What is wrong in a capture: each rule that was broken, by whom towards whom, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Complaints:
    """Broken rules, with the first example of each."""

    found: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    "(client, rule) -> how often, and the first example."

    def add(self, client: str, rule: str, example: object = "") -> None:
        often, first = self.found.get((client, rule), (0, str(example)))
        self.found[client, rule] = (often + 1, first)

    def lines(self) -> list[str]:
        """One for each client and rule."""
        return [
            f"{client}: {rule} ({often} times{first and ', first: '}{first})"
            for (client, rule), (often, first) in sorted(self.found.items())
        ]
