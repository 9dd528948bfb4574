"""Which way a call goes: two directly, more through the relay, and never a gap between."""

from datetime import UTC, datetime, timedelta

from signaling.calls.topology import (
    CALM,
    MOVE_WITHIN,
    PAUSE,
    Path,
    Policy,
    Topology,
    arrive,
    block,
    complete,
    conclude,
    next_review,
    steer,
)

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
MESH, FORWARDED = Topology.MESH, Topology.FORWARDED
PAIR, THREE = frozenset("ab"), frozenset("abc")


def steered(
    path: Path,
    joined: str,
    *,
    policy: Policy = "auto",
    relay: bool = True,
    after: timedelta = timedelta(),
) -> Path:
    return steer(path, frozenset(joined), policy, relay, NOW + after)


def pair() -> Path:
    return steered(steered(Path(), "a"), "ab")


def moving() -> Path:
    return steered(pair(), "abc")


def forwarded() -> Path:
    return arrive(moving(), THREE)


def test_two_people_send_to_each_other() -> None:
    assert (pair().topology, pair().moving_to) == (MESH, None)


def test_the_third_one_sends_them_to_the_relay_and_the_old_way_stays_meanwhile() -> None:
    path = moving()
    assert (path.topology, path.moving_to, path.carried) == (MESH, FORWARDED, PAIR)
    assert path.direct
    assert path.forwarded


def test_the_change_is_done_when_everybody_receives_everybody() -> None:
    receives = {"a": {"b", "c"}, "b": {"a", "c"}, "c": {"a"}}
    assert not complete(moving(), THREE, receives)
    assert complete(moving(), THREE, {**receives, "c": {"a", "b"}})
    assert not complete(pair(), PAIR, {"a": {"b"}, "b": {"a"}})
    path = arrive(moving(), THREE)
    assert (path.topology, path.moving_to, path.carried) == (FORWARDED, None, THREE)
    assert not path.direct


def test_a_third_one_who_leaves_again_calls_the_change_off() -> None:
    path = steered(moving(), "ab")
    assert (path.topology, path.moving_to) == (MESH, None)


def test_a_fourth_one_gives_everybody_the_full_time_again() -> None:
    later = timedelta(seconds=7)
    path = steered(moving(), "abcd", after=later)
    assert (path.since, path.carried) == (NOW + later, PAIR)
    assert next_review(path) == NOW + later + MOVE_WITHIN


def test_two_who_remain_go_back_after_a_calm_moment() -> None:
    path = steered(forwarded(), "ab")
    assert (path.topology, path.moving_to) == (FORWARDED, None)
    assert next_review(path) == NOW + CALM
    back = steered(path, "ab", after=CALM)
    assert (back.topology, back.moving_to, back.carried) == (FORWARDED, MESH, PAIR)
    assert arrive(back, PAIR).topology is MESH


def test_who_comes_back_within_the_calm_moment_finds_everything_as_it_was() -> None:
    path = steered(steered(forwarded(), "ab"), "abc", after=CALM / 2)
    assert (path.topology, path.moving_to, path.paired_at) == (FORWARDED, None, None)


def test_a_third_one_who_comes_on_the_way_back_turns_it_round() -> None:
    back = steered(steered(forwarded(), "ab"), "ab", after=CALM)
    path = steered(back, "abd", after=CALM)
    assert (path.topology, path.moving_to, path.carried) == (FORWARDED, None, frozenset("abd"))


def test_a_pair_without_a_direct_path_goes_to_the_relay_and_stays_there() -> None:
    path = steered(block(pair(), PAIR), "ab")
    assert path.moving_to is FORWARDED
    there = steered(arrive(path, PAIR), "ab", after=CALM * 3)
    assert (there.topology, there.moving_to) == (FORWARDED, None)


def test_another_pair_of_the_same_call_may_go_back() -> None:
    path = block(forwarded(), PAIR)
    path = steered(steered(path, "ac"), "ac", after=CALM)
    assert path.moving_to is MESH


def test_where_addresses_are_hidden_the_call_is_forwarded_from_its_first_moment() -> None:
    alone = steered(Path(), "a", policy="relay")
    assert (alone.topology, alone.moving_to) == (FORWARDED, None)
    both = steered(alone, "ab", policy="relay", after=CALM * 3)
    assert (both.topology, both.moving_to) == (FORWARDED, None)


def test_without_a_relay_everybody_is_in_the_mesh() -> None:
    for policy in ("auto", "relay"):
        assert steered(Path(), "abcd", policy=policy, relay=False).topology is MESH


def test_a_relay_that_is_gone_leaves_the_mesh_at_once() -> None:
    path = steered(forwarded(), "abc", relay=False)
    assert (path.topology, path.moving_to) == (MESH, None)


def test_a_mesh_of_three_goes_over_when_there_is_a_relay_again() -> None:
    path = steered(steered(Path(), "abc", relay=False), "abc")
    assert (path.moving_to, path.carried) == (FORWARDED, THREE)


def test_at_the_end_of_the_time_the_connected_ones_go_on_without_the_other() -> None:
    four = steered(moving(), "abcd")
    path, lost = conclude(four, frozenset("abcd"), THREE, "auto", NOW)
    assert (path.topology, path.moving_to, lost) == (FORWARDED, None, {"d"})


def test_a_third_one_who_does_not_reach_the_relay_leaves_the_pair_undisturbed() -> None:
    path, lost = conclude(moving(), THREE, PAIR, "auto", NOW)
    assert (path.topology, path.moving_to, lost) == (MESH, None, {"c"})


def test_newcomers_leave_when_one_of_the_pair_does_not_reach_the_relay() -> None:
    path, lost = conclude(moving(), THREE, frozenset("ac"), "auto", NOW)
    assert (path.topology, path.moving_to, lost) == (MESH, None, {"c"})
    again = steered(path, "abd", after=PAUSE / 2)
    assert again.moving_to is None
    assert next_review(again) == NOW + PAUSE
    assert steered(path, "abd", after=PAUSE).moving_to is FORWARDED


def test_all_are_taken_along_who_are_connected_though_not_all_was_heard_of_them() -> None:
    path, lost = conclude(moving(), THREE, THREE, "auto", NOW)
    assert (path.topology, lost) == (FORWARDED, frozenset())


def test_a_stuck_pair_that_reaches_no_relay_either_goes_on_trying() -> None:
    stuck = steered(block(pair(), PAIR), "ab")
    path, lost = conclude(stuck, PAIR, frozenset("a"), "auto", NOW)
    assert (path.topology, path.moving_to, lost) == (MESH, None, frozenset())
    assert steered(path, "ab", after=PAUSE).moving_to is None
    assert steered(block(path, PAIR), "ab", after=PAUSE).moving_to is FORWARDED


def test_a_way_back_that_is_not_found_in_time_is_not_looked_for_again() -> None:
    back = steered(steered(forwarded(), "ab"), "ab", after=CALM)
    path, lost = conclude(back, PAIR, PAIR, "auto", NOW)
    assert (path.topology, path.moving_to, lost) == (FORWARDED, None, frozenset())
    assert steered(path, "ab", after=CALM * 9).moving_to is None
