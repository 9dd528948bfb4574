"""Links are filled with care, and their bandwidth is inferred from what arrives."""

import itertools

import pytest

from media.congestion.bandwidth_estimate import PATIENCE, UNLIMITED, Estimate


def test_an_estimate_falls_at_once_and_rises_slowly() -> None:
    estimate = Estimate()
    estimate.note_remb(300_000, 1e6, 0, 1.0)
    assert estimate.limit == UNLIMITED, "the first estimate of a call is always low"
    estimate.note_remb(300_000, 1e6, 0, 2.0)
    assert estimate.limit == 300_000
    for second in range(3, 6):
        estimate.grow(second)
        assert estimate.limit == 300_000
    for second in range(6, 16):
        estimate.grow(second)
    assert 500_000 < estimate.limit < 700_000
    for second in (14.5, 15.5):
        estimate.note_loss(0.2, 6e5, 5.6e5, second)
    assert estimate.limit == pytest.approx(6e5 * 0.6), "less is sent to see whether that helps"
    assert estimate.hold == 8.0


def test_still_videos_beside_much_audio_are_not_held_back() -> None:
    estimate = Estimate()
    for second in range(1, 20):
        estimate.note_remb(90_000 if second % 2 else 30_000, 80_000, 110_000, second)
        estimate.grow(second)
    assert estimate.limit == UNLIMITED


def test_an_estimate_of_the_videos_leaves_room_for_the_audio() -> None:
    estimate = Estimate()
    for second in (1, 2):
        estimate.note_remb(300_000, 600_000, 100_000, second)
    assert estimate.limit == 400_000


def test_a_flood_is_stopped_by_the_first_report() -> None:
    estimate = Estimate()
    estimate.note_loss(0.7, 9e5, 9e5, 1.0)
    assert estimate.limit == pytest.approx(9e5 * 0.3 * 0.85), "less than what came through"


def test_loss_that_goes_on_when_less_is_sent_is_random() -> None:
    estimate = Estimate()
    for second in (1.0, 2.0):
        estimate.note_loss(0.2, 9e5, 8.6e5, second)
    limit = estimate.limit
    assert limit < 0.7 * 9e5
    estimate.note_loss(0.2, 9e5, 8.6e5, 3.0)
    assert estimate.limit == limit, "the smaller encoding has not begun yet"
    for second in (4.0, 5.0):
        estimate.note_loss(0.2, 1.9e5, 1.5e5, second)
        assert estimate.limit == limit, "the report still speaks of what was sent before"
    estimate.note_loss(0.18, 1.9e5, 1.5e5, 6.0)
    assert estimate.limit == UNLIMITED
    for second in range(7, 30):
        estimate.note_loss(0.22, 9e5, 8.6e5, float(second))
    assert estimate.limit == UNLIMITED


def test_loss_that_ends_when_less_is_sent_was_a_full_link() -> None:
    estimate = Estimate()
    for second, loss, sent in ((1, 0.5, 9e5), (2, 0.0, 1.9e5), (4, 0.0, 1.9e5)):
        estimate.note_loss(loss, sent, sent - 4e4, float(second))
    assert estimate.probe is None
    assert estimate.limit == pytest.approx(9e5 * 0.5 * 0.85)
    assert estimate.random_loss == 0.0


def test_a_probe_that_nobody_reports_on_ends_as_it_began_but_after_a_flood() -> None:
    estimate = Estimate()
    for second in (1.0, 2.0):
        estimate.note_loss(0.2, 9e5, 8.6e5, second)
    assert estimate.limit < 7e5
    estimate.grow(3.0 + PATIENCE)
    assert estimate.limit == UNLIMITED
    overused = Estimate()
    overused.note_loss(0.6, 9e5, 8.6e5, 1.0)
    limit = overused.limit
    overused.grow(3.0 + PATIENCE)
    assert limit <= overused.limit < 9e5


def test_audio_alone_is_not_held_back_however_much_of_it_gets_lost() -> None:
    estimate = Estimate()
    for second in range(1, 120):
        estimate.note_loss(0.2 + 0.05 * (second % 2), 4e4, 0.0, float(second))
        estimate.grow(float(second))
    assert estimate.limit == UNLIMITED


def test_the_smallest_video_is_not_taken_away_for_a_probe() -> None:
    estimate = Estimate()
    estimate.probe_floor = 1.9e5
    for second in range(1, 60):
        estimate.note_loss(0.2 + 0.05 * (second % 2), 1.9e5, 1.5e5, float(second))
        estimate.grow(float(second))
        assert estimate.limit > 1.9e5


def test_a_video_just_taken_away_may_be_what_filled_the_link() -> None:
    estimate = Estimate()
    estimate.note_loss(0.5, 2.4e5, 2e5, 1.0)
    limit = estimate.limit
    estimate.probe = None
    for second in (2.0, 4.0, 6.0):
        estimate.note_loss(0.5, 4e4, 0.0, second)
    assert estimate.random_loss == 0.0
    assert estimate.limit == limit
    estimate.note_loss(0.5, 4e4, 0.0, 12.0)
    assert estimate.random_loss == 0.5


def test_a_queue_is_seen_where_the_receiver_does_not_estimate() -> None:
    estimate = Estimate()
    estimate.note_round_trip(0.05, 9e5, True, 0.0)
    for second in range(1, 30):
        estimate.note_loss(0.0, 9e5, 8.6e5, float(second))
        estimate.note_round_trip(3.0, 9e5, True, float(second))
        estimate.grow(float(second))
    assert estimate.limit < 8e5
    limit = estimate.limit
    for second in range(30, 60):
        estimate.note_loss(0.0, 2e5, 1.6e5, float(second))
        estimate.note_round_trip(0.06, 2e5, True, float(second))
        estimate.grow(float(second))
    assert estimate.limit > 3 * limit


def test_reports_on_several_streams_that_come_late_together_are_one() -> None:
    estimate = Estimate()
    estimate.note_round_trip(0.05, 9e5, True, 0.0)
    estimate.note_loss(0.0, 9e5, 8.6e5, 1.0)
    for late in (0.4, 0.41, 0.42, 0.43):
        estimate.note_round_trip(late, 9e5, True, 1.0 + late / 10)
    assert estimate.limit == UNLIMITED


def test_a_receiver_that_estimates_tells_of_a_queue_itself() -> None:
    estimate = Estimate()
    estimate.note_round_trip(0.05, 9e5, True, 0.0)
    for second in range(1, 30):
        estimate.note_loss(0.0, 9e5, 8.6e5, float(second))
        estimate.note_remb(2_000_000, 8.6e5, 4e4, float(second))
        estimate.note_round_trip(0.4, 9e5, True, float(second))
        estimate.grow(float(second))
    assert estimate.limit == UNLIMITED


def test_an_estimate_of_few_packets_takes_no_video_away_from_a_good_link() -> None:
    estimate = Estimate()
    for second in range(1, 9):
        estimate.note_remb(120_000, 300_000, 40_000, second)
    assert estimate.limit >= 260_000
    estimate = Estimate()
    estimate.note_round_trip(0.1, 9e5, True, 0.0)
    estimate.note_round_trip(0.5, 9e5, True, 1.0)
    for second in range(1, 9):
        estimate.note_remb(120_000, 300_000, 40_000, second)
    assert estimate.limit == 160_000, "but from a link with a queue"


def test_an_estimate_on_its_way_up_holds_nothing_back() -> None:
    """After a better encoding began, REMB is low at first and grows for a while."""
    estimate = Estimate(limit=1.2e6, updated_at=0.0)
    estimate.note_remb(300_000, 1.5e5, 4e4, 0.0)
    claimed = 310_000.0
    for quarter in range(40):
        estimate.note_remb(int(claimed), 9e5, 4e4, quarter / 4)
        if quarter % 3:
            claimed *= 1.02
    assert estimate.limit == 1.2e6
    for quarter in range(40, 43):
        claimed *= 0.8
        estimate.note_remb(int(claimed), 9e5, 4e4, quarter / 4)
    assert estimate.limit < 4e5, "one that falls has felt a queue"


def test_a_flood_that_is_missed_at_once_is_stopped_at_once() -> None:
    estimate = Estimate()
    estimate.note_overuse(0.2, 1e6, 1.0)
    assert estimate.limit == UNLIMITED
    assert not estimate.urgent
    estimate.note_overuse(0.5, 1e6, 1.0)
    assert estimate.urgent
    assert estimate.overused
    assert estimate.limit == pytest.approx(1e6 * 0.5 * 0.85)
    estimate.grow(1.1)
    assert not estimate.urgent


def test_what_was_sent_a_moment_ago_counts_when_a_flood_is_measured() -> None:
    estimate = Estimate()
    estimate.note_loss(0.5, 3e5, 3e5, 1.0, before=9e5)
    assert estimate.limit == pytest.approx(9e5 * 0.5 * 0.85)


def test_a_better_video_that_failed_is_tried_less_and_less_often() -> None:
    """However long the limit had been growing before."""
    estimate = Estimate(limit=3e5, updated_at=0.0)
    now, tries = 0.0, []
    while now < 600:
        now += 0.5
        estimate.grow(now)
        if estimate.limit > 1.1e6:
            estimate.note_upgrade(now)
            tries.append(now)
            estimate.concluded_at = now
            estimate.note_overuse(0.7, 1e6, now + 0.7)
            estimate.note_loss(0.0, 2e5, 1.5e5, now + 3)
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert len(gaps) > 4
    assert gaps == sorted(gaps)
    assert gaps[-1] > 60


def test_a_burst_of_loss_is_no_lasting_doubt() -> None:
    """Too little was sent for a probe; once nothing is lost any more, the doubt is over."""
    estimate = Estimate(probe_floor=1.9e5)
    for second in (1.0, 2.0):
        estimate.note_loss(0.15, 1.9e5, 1.5e5, second)
    assert estimate.unprobed
    estimate.note_loss(0.0, 1.9e5, 1.5e5, 3.0)
    assert not estimate.unprobed


def test_a_probe_that_could_send_little_less_is_judged_by_what_was_heard() -> None:
    estimate = Estimate()
    for second in (1.0, 2.0):
        estimate.note_loss(0.2, 2.1e5, 1.7e5, second)
    for second in range(3, 18):
        estimate.note_loss(0.0, 1.9e5, 1.5e5, float(second))
    estimate.grow(2.0 + PATIENCE)
    assert estimate.probe is None
    assert estimate.random_loss == 0.0
    assert estimate.limit < 2.1e5, "the link was full"


def test_a_link_that_narrows_while_a_probe_runs_is_no_lossy_one() -> None:
    """The first report covers the time before as well, so the next ones are worse."""
    estimate = Estimate()
    for second, loss, sent in ((60.0, 0.43, 7.4e5), (61.0, 0.78, 3.6e5), (63.0, 0.78, 3.6e5)):
        estimate.note_loss(loss, sent, sent - 4e4, second)
        estimate.grow(second)
    assert estimate.limit < 1e5
    for second in range(64, 364):
        estimate.note_loss(0.86, 7.4e5, 7e5, float(second))
        estimate.grow(float(second))
        assert estimate.limit < 2e5
    assert estimate.random_loss < 0.3


@pytest.mark.parametrize("reports", [(0.29, 0.24), (0.42, 0.24)])
def test_a_bad_report_in_a_probe_leaves_a_lossy_link_its_whole_limit(
    reports: tuple[float, float],
) -> None:
    """A fifth is lost whatever is sent; single reports deviate from that."""
    estimate = Estimate()
    for second in (1.0, 2.0):
        estimate.note_loss(0.2, 9.4e5, 9e5, second)
    for second, loss in zip((4.0, 10.0), reports, strict=True):
        estimate.note_loss(loss, 1.9e5, 1.5e5, second)
        estimate.note_loss(loss, 1.9e5, 1.5e5, second + 2)
        estimate.note_loss(0.24, 4e4, 0.0, second + 4)
    assert estimate.probe is None
    assert estimate.limit == UNLIMITED
    assert 0.2 <= estimate.random_loss <= 0.3


@pytest.mark.parametrize("loss", [0.06, 0.08, 0.1, 0.12])
def test_who_hears_alone_over_a_lossy_link_gets_videos_back(loss: float) -> None:
    """What a link loses while no video is sent is random loss."""
    estimate = Estimate(limit=7e4, updated_at=0.0, held_until=4.0, loss=0.2, lost_at=0.0)
    for second in range(1, 40):
        if second % 5 == 0:
            estimate.note_loss(loss, 4e4, 0.0, float(second))
        estimate.grow(float(second))
    assert estimate.limit > 2e5


def test_many_requests_to_repeat_are_one_failure() -> None:
    estimate = Estimate(limit=5e5, updated_at=0.0, grown_at=-9.0, concluded_at=-14.0)
    for number, missed in enumerate((0.31, 0.34, 0.38, 0.42)):
        estimate.note_overuse(missed, 4.4e5, 0.03 * number)
    assert estimate.hold == 8.0


def test_loss_that_nobody_tells_of_any_more_is_forgotten() -> None:
    """A subscriber that is sent nothing reports nothing, and may have a perfect link by now."""
    estimate = Estimate(limit=3.4e5, updated_at=0.0, concluded_at=0.0)
    estimate.note_overuse(0.5, 4e5, 1.0)
    limit = estimate.limit
    for second in range(2, 60):
        estimate.grow(float(second))
    assert estimate.limit > 2 * limit


def test_a_link_that_takes_everything_has_no_failures_to_remember() -> None:
    estimate = Estimate(hold=32.0, failed=True)
    estimate.grow(1.0)
    assert (estimate.hold, estimate.failed) == (4.0, False)


def test_a_better_video_that_lasts_forgets_the_failures() -> None:
    estimate = Estimate(limit=3e5, updated_at=0.0, hold=32.0, failed=True)
    estimate.note_upgrade(1.0)
    for second in range(2, 21):
        estimate.grow(float(second))
        assert estimate.hold == 32.0
    estimate.grow(22.0)
    assert estimate.hold == 4.0


def watch_link(capacity: float, lost: float, seconds: int) -> list[float]:
    """What is sent on a link, second by second: it loses the excess, and ``lost`` of the rest."""
    estimate = Estimate()
    sent = 1e6
    rates = []
    for second in range(seconds):
        congested = max(0.0, 1 - capacity / sent)
        estimate.note_loss(1 - (1 - congested) * (1 - lost), sent, sent, float(second))
        estimate.grow(float(second))
        sent = max(1e5, min(1e6, estimate.limit))
        rates.append(sent)
    return rates


def test_loss_that_sending_less_does_not_cure_takes_no_video_away() -> None:
    rates = watch_link(1e9, 0.2, 120)
    assert min(rates) > 4e5
    assert rates[-1] == 1e6


def test_a_full_link_is_left_alone_though_it_loses_by_nature_too() -> None:
    rates = watch_link(5e5, 0.05, 120)
    assert sum(rates[20:]) / 100 < 6.5e5
    rates = watch_link(3e5, 0.2, 240)
    assert 1.5e5 < sum(rates[60:]) / 180 < 5e5
    assert max(watch_link(1.5e5, 0.2, 240)[60:]) < 2e5


@pytest.mark.parametrize("loss", [0.06, 0.08])
def test_a_link_that_loses_a_little_at_random_grows_again(loss: float) -> None:
    """Whatever held it back: there may be no probe that shows what fits."""
    estimate = Estimate(limit=2e5, updated_at=0.0, held_until=4.0)
    for second in range(1, 60):
        estimate.note_loss(loss, 1.5e5, 1.1e5, float(second), variance=0.001)
        estimate.grow(float(second))
    assert estimate.limit > 2e6


@pytest.mark.parametrize(("packets", "seconds"), [(20, 8), (50, 3), (400, 2)])
def test_loss_counts_once_it_is_no_chance(packets: int, seconds: int) -> None:
    """The fewer packets, the longer it takes."""
    estimate, slow = Estimate(), Estimate()
    for second in range(1, seconds + 1):
        estimate.note_loss(0.2, 9e5, 8.6e5, float(second), variance=0.1 / packets)
        if second < seconds:
            slow.note_loss(0.2, 9e5, 8.6e5, float(second), variance=0.1 / packets)
    assert estimate.probe is not None
    assert slow.probe is None
