"""Reports count for the packets they cover, but not for those before a pause."""

import pytest

from media.streams.receiver_reports import Reception, Tally


def test_the_first_report_speaks_of_everything_sent_so_far() -> None:
    reception = Reception()
    reception.begin(1000)
    assert reception.note(1059, 0.5) == 60
    assert reception.note(1159, 0.0) == 100
    unknown = Reception()
    assert unknown.note(500, 1.0) == 0


def test_what_was_lost_before_a_pause_is_not_the_links_loss_of_today() -> None:
    """The receiver notices the loss of the last packets before a pause only with the next one."""
    reception = Reception()
    reception.begin(1000)
    assert reception.note(1049, 0.0) == 50
    loss = reception.loss
    reception.begin(1100)
    assert reception.note(1080, 0.6) == 0, "late, and still of what was before"
    assert reception.note(1109, 0.8) == 0, "it reaches back behind the pause"
    assert reception.loss == loss
    assert reception.note(1209, 0.1) == 100
    assert reception.loss > loss


def test_a_pause_that_lost_nothing_hides_no_report() -> None:
    reception = Reception()
    reception.begin(0)
    reception.note(49, 0.0)
    reception.begin(50)
    assert reception.note(149, 0.2) == 100


def test_numbers_that_wrap_are_counted_on() -> None:
    reception = Reception()
    reception.begin(0xFFF0)
    assert reception.note(0x1000F, 0.0) == 32
    assert reception.note(0x1002F, 0.0) == 32
    assert reception.note(0x0002F, 0.0) == 0, "no report goes back"


def fraction(tally: Tally, now: float, packets: int, loss: float) -> float | None:
    """What is told of these packets beside those before, if anything."""
    tally.add(packets, loss)
    found = tally.take(now)
    return found and found.fraction


def test_few_packets_say_nothing_unless_there_are_no_more() -> None:
    tally = Tally()
    assert fraction(tally, 1.0, 20, 0.5) is None
    assert fraction(tally, 2.0, 30, 0.0) == pytest.approx(0.2)
    assert fraction(tally, 3.0, 20, 0.5) is None
    assert fraction(tally, 7.0, 0, 0.0) == pytest.approx(0.5)


def test_reports_on_several_streams_within_a_second_are_one() -> None:
    tally = Tally()
    assert fraction(tally, 1.0, 50, 0.2) == pytest.approx(0.2)
    assert fraction(tally, 1.1, 50, 0.2) is None
    assert fraction(tally, 1.9, 50, 0.0) == pytest.approx(0.1)
    assert fraction(tally, 2.0, 50, 0.5) == pytest.approx(0.5), "but for much loss"


def test_the_more_packets_the_less_is_chance() -> None:
    few, many, after_loss = Tally(), Tally(), Tally()
    few.add(50, 0.1)
    many.add(500, 0.1)
    after_loss.add(50, 0.1, 0.1)
    variances = [tally.take(1.0).variance for tally in (few, many, after_loss)]
    assert variances == [pytest.approx(0.002), pytest.approx(0.0002), pytest.approx(0.006)]
