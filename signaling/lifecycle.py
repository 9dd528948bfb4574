"""Life cycles as tables: state -> event -> next state; everything not listed is refused."""

from collections.abc import Mapping

from signaling.errors import TransitionRefused

Transitions = Mapping[str, Mapping[str, str]]


def advance(noun: str, transitions: Transitions, state: str, event: str) -> str:
    """Return the state after `event`. Raises TransitionRefused if the table has no such step."""
    try:
        return transitions[state][event]
    except KeyError:
        raise TransitionRefused(noun, state, event) from None
