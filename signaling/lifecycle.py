"""Life cycles as tables: state -> event -> next state; everything not listed is refused."""

from collections.abc import Mapping
from typing import TypeVar

from signaling.errors import TransitionRefused

State = TypeVar("State", bound=str)


def advance(
    noun: str, transitions: Mapping[State, Mapping[str, State]], state: State, event: str
) -> State:
    """Return the state after `event`. Raises TransitionRefused if the table has no such step."""
    try:
        return transitions[state][event]
    except KeyError:
        raise TransitionRefused(noun, state, event) from None
