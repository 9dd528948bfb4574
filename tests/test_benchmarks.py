"""Every benchmark can be loaded, and its table shows what its module says it measures."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from scripts import benchmarks
from scripts.benchmarks.__main__ import load, names
from scripts.benchmarks._figures import lines, percentile
from scripts.benchmarks.beside import compared, figures
from scripts.benchmarks.relay import headlines
from scripts.benchmarks.relay_hour import COLUMNS, draw

LATENCY = {
    "rooms": 50,
    "ack_p50_ms": 1.5,
    "ack_p99_ms": 3.25,
    "other_side_p50_ms": 1.5,
    "other_side_p99_ms": 3.0,
}
SEEN = {
    "messages": 2400,
    "ack_p50_ms": 2.0,
    "ack_p99_ms": 8.0,
    "health_p50_ms": 3.0,
    "health_longest_ms": 20.0,
    "joined": 60,
    "join_p50_ms": 30.0,
    "join_longest_ms": 200.0,
    "shut_out": 0,
}


def flood(hosts: int, per_second: float) -> dict[str, Any]:
    shares = {"web": 0.6, "postgresql": 0.3, "clients": 0.1}
    return {"hosts": hosts, "per_second": per_second, "processors": shares, "ms_each": shares}


def steady(rooms: int, each: float) -> dict[str, Any]:
    return {
        "rooms": rooms,
        "owners_ms_each": each,
        "postgresql_ms_each": each / 2,
        "ack_p50_ms": 2.0,
        "ack_p99_ms": 9.0,
        "resting": 0.05,
    }


PART = {"median": 300.0, "longest": 500.0}
COSTS = {
    "sent_kbps": 975.0,
    "received_kbps": 978.0,
    "packets_per_second": 316.0,
    "megabytes_a_minute": 15.25,
    "said": 15.2,
}
SAMPLES: dict[str, tuple[dict[str, Any], str]] = {
    "call_costs": ({"auto": {"video": COSTS, "audio": COSTS}}, "15.25"),
    "chat": (
        {
            "latency": [LATENCY],
            "flood_rooms": 200,
            "messages_per_second": 3000.0,
            "bare_inserts_per_second": 5000.0,
            "ratio_to_bare_inserts": 0.6,
        },
        "3.25",
    ),
    "files": (
        {
            "line": {
                "bytes": 20 * 2**20,
                "seconds": 97.0,
                "least_seconds": 94.0,
                "sent_twice": 0.0125,
                "arrived": 1,
            },
            "costs": {"creation_ms": 2.5, "block_ms": 3.0, "piece_ms": 7.0, "rest_ms": 36.0},
            "chat": {
                "seconds": 12.0,
                "idle_p50_ms": 2.0,
                "idle_p99_ms": 4.0,
                "beside_p50_ms": 3.0,
                "beside_p99_ms": 5.0,
                "ratio": 1.25,
                "grown_bytes": 8 * 2**20,
            },
        },
        "1.25",
    ),
    "hosts": (
        {
            "flood": [flood(1, 1300.0), flood(2, 2600.0)],
            "rooms": [steady(100, 1.0), steady(10_000, 1.1)],
            "capacity": {
                "waiting": {"bytes": 40_000.0, "processors": 0.00002},
                "session": {"bytes": 75_000.0, "processors": 0.0001},
            },
        },
        "35,000",
    ),
    "sockets": (
        {
            "sockets": 2000,
            "memory_before_bytes": 90_000_000,
            "memory_after_bytes": 150_000_000,
            "bytes_per_waiting_socket": 30_000.0,
        },
        "30.00",
    ),
    "first_frame": (
        {
            "sessions": 5,
            "waits_ms": PART,
            "starts_ms": PART,
            "rings_ms": PART,
            "connects_ms": PART,
            "connects_scheduler_ms": PART,
            "sum_ms": PART,
        },
        "500",
    ),
    "history": (
        {
            "50": {"usable_ms": 400.0, "bytes": 80_000.0, "snapshot_ms": 10.0},
            "10000": {"usable_ms": 500.0, "bytes": 80_000.0, "snapshot_ms": 11.0},
        },
        "1.25",
    ),
    "page": (
        {
            "budget_bytes": 60_000,
            "languages": [
                {
                    "language": "ar",
                    "bytes": 59_000,
                    "body_bytes": 40_000,
                    "requests": 40,
                    "third_party_requests": 0,
                    "largest": [{"path": "base.css", "bytes": 5000}],
                }
            ],
        },
        "59,000",
    ),
    "report": (
        {
            "rows": {
                "one short line": {
                    "seconds": 0.75,
                    "memory_bytes": 90_000_000.0,
                    "bytes": 20_000.0,
                }
            }
        },
        "0.75",
    ),
    "invites": (
        {
            "past_consultations": 100_000,
            "database_bytes": 561_000_000,
            "invites": 1000,
            "p50_ms": 2.0,
            "p99_ms": 11.0,
            "empty_p50_ms": 2.0,
            "empty_p99_ms": 11.0,
        },
        "11.00",
    ),
    "sign_in": (
        {
            "rounds": 8,
            "median_ms": {"there": 200.0, "not there": 190.0, "suspended": 198.0},
            "ratio": {"there": 1.0, "not there": 0.95, "suspended": 0.99},
        },
        "0.95",
    ),
    "relay_attack": (
        {
            "packets": 3000,
            "errors": 0,
            "rows": [
                {"name": "stranger", "seconds": 2e-6, "answers": 0.0, "rate": None},
                {"name": "participant", "seconds": 2e-5, "answers": 3.0, "rate": 4000.0},
            ],
        },
        "8.0%",
    ),
    "relay_return": (
        {
            "kills": [(1.0, 1.75)],
            "suspended_seconds": 5.0,
            "back_after_suspension": 0.5,
            "same_worker": True,
            "load": 1.0,
        },
        "1.75",
    ),
    "relay_hour": (
        {
            "minutes": 1.0,
            "connections": 4,
            "faults": [],
            "errors": 0,
            "columns": COLUMNS,
            "rows": [[10.0 * row, *range(1, len(COLUMNS))] for row in (1, 7)],
        },
        "1 minutes, twelve pairs",
    ),
    "relay_networks": (
        {
            "missing": ["janus"],
            "rows": [
                {
                    "network": "good",
                    "way": "relay",
                    "down": {
                        "seconds": 0.5,
                        "fps": 14.9,
                        "height": 360,
                        "frozen": 0.01,
                        "concealed": 0.0125,
                        "delay_ms": 40.0,
                        "kbps": 950.0,
                        "round_trip_ms": 2.0,
                    },
                    "up": None,
                    "microseconds": 111.0,
                }
            ],
        },
        "1.2%",
    ),
    "strangers": (
        {
            "quiet": SEEN,
            "storm": SEEN | {"ack_p99_ms": 19.75},
            "ratio": 2.47,
            "silent_opened": 11_000,
            "silent_ended": 10_000,
            "first_ended_seconds": 1.0,
            "sockets_ended": 600,
            "forms_refused": 2500,
            "log_bytes_per_minute": 490_000.0,
        },
        "19.75",
    ),
    "notices": (
        {
            "notices": 10_000,
            "connections": 4,
            "mail_bytes": 2108,
            "mail_bytes_by_library": 2108,
            "different_message_ids": 10_000,
            "planned_per_second": 60.0,
            "notices_per_second": 400.0,
            "cpu_ms": 1.0,
            "bare_library_cpu_ms": 3.0,
            "bare_own_cpu_ms": 0.4,
            "bare_once_cpu_ms": 0.35,
            "bare_library_per_second": 300.0,
            "ratio_to_library": 1.33,
            "bare_own_per_second": 1300.0,
            "ratio_to_own": 0.31,
            "bare_once_per_second": 1600.0,
            "ratio_to_once": 0.25,
            "memory_before_bytes": 90_000_000,
            "memory_peak_growth_bytes": 18_000_000,
            "memory_second_half_growth_bytes": 500_000,
        },
        "1.33",
    ),
}


RELAY_TARGETS = {
    "ratio_to_janus_fanout_1",
    "ratio_to_janus_fanout_3",
    "added_latency_p99_ms",
    "loss",
    "bytes_per_participant",
}
"Headline figures of the relay that other documents quote by these names."


def window(microseconds: float | None) -> dict[str, Any]:
    """A server's figures under one load; None when there was no clean window."""
    row: dict[str, Any] = {"windows": 0, "tried": 6, "bytes_per_participant": 40_000}
    if microseconds is not None:
        row |= {
            "windows": 3,
            "microseconds": microseconds,
            "share": 0.5,
            "loss": 0.0,
            "p50_ms": 0.2,
            "p99_ms": 1.5,
            "noise": 0.05,
        }
    return row


def relay_rows(**heavy: float | None) -> dict[str, list[dict[str, Any]]]:
    """Both fan-outs under a light and a heavy load; `heavy` is each server's cost in the latter."""
    compared = []
    for publishers, fan_out in ((40, 1), (20, 3)):
        for rate in (1, 3):
            costs = heavy if rate == 3 else {"relay": 6.0, "janus": 20.0, "coturn": 10.0}
            sizes = {"publishers": publishers, "fan_out": fan_out, "rate": rate, "packets": 6000.0}
            compared.append(sizes | {name: window(cost) for name, cost in costs.items()})
    share = {"publishers": 20, "fan_out": 3, "rate": 1.5, "packets": 9000.0, "wanted": 0.5}
    return {
        "loop": [],
        "compared": compared,
        "shares": [share | {"relay": window(6.0)}],
        "crowds": [],
    }


def relay_sample(**heavy: float | None) -> dict[str, Any]:
    rows = relay_rows(**heavy)
    return {"native": True, "missing": [], **headlines(rows), "rows": rows}


SAMPLES["beside"] = (
    {"figures": {"chat.ack_p99_ms": {"before": 4.0, "now": 3.0, "ratio": 0.75}}},
    "0.75",
)
SAMPLES["relay"] = (relay_sample(relay=5.0, janus=None, coturn=10.0), "0.30")


@pytest.mark.parametrize(("janus", "figure", "load_of"), [(20.0, 0.25, "r3"), (None, 0.3, "r1")])
def test_the_relay_is_compared_under_the_heaviest_load_that_both_were_measured_under(
    janus: float | None, figure: float, load_of: str
) -> None:
    found = headlines(relay_rows(relay=5.0, janus=janus, coturn=10.0))
    assert set(found) >= RELAY_TARGETS
    for fan_out, size in ((1, "40x1"), (3, "20x3")):
        assert found[f"ratio_to_janus_fanout_{fan_out}"] == figure
        assert found[f"ratio_to_janus_fanout_{fan_out}_at"] == f"{size} {load_of}"
    assert (found["ratio_to_coturn_fanout_1"], found["ratio_to_coturn_fanout_1_at"]) == (
        0.5,
        "40x1 r3",
    )


def test_two_builds_are_compared_round_by_round() -> None:
    before = [{"chat.ack": 2.0, "chat.gone": 1.0}, {"chat.ack": 4.0, "chat.gone": 1.0}]
    found = compared(before, [{"chat.ack": 1.0, "chat.new": 1.0}, {"chat.ack": 4.0, "chat.new": 1}])
    assert found == {"chat.ack": {"before": 3.0, "now": 2.5, "ratio": 0.75}}


def test_each_number_of_a_result_has_a_name() -> None:
    result = {"chat": {"latency": [{"rooms": 1, "ack": 2.5}], "met": True, "unit": "ms"}}
    assert dict(figures(result)) == {"chat.latency.0.rooms": 1.0, "chat.latency.0.ack": 2.5}


def test_a_peer_that_is_not_there_has_no_ratio() -> None:
    rows = relay_rows(relay=5.0)
    for row in rows["compared"]:
        row.pop("janus", None)
    found = headlines(rows)
    assert found["ratio_to_janus_fanout_1"] is found["ratio_to_janus_fanout_1_at"] is None
    assert found["added_latency_p99_ms"] == 1.5
    assert found["loss"] == 0.0
    assert found["bytes_per_participant"] == 40_000


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_benchmark_prints_its_numbers(name: str) -> None:
    sample, figure = SAMPLES[name]
    assert figure in load(name).table(sample)


def test_hosts_are_compared_and_so_are_numbers_of_rooms() -> None:
    printed = load("hosts").table(SAMPLES["hosts"][0])
    assert "two beside one: 2.00" in printed
    assert "most beside fewest rooms: 1.10" in printed


def test_each_benchmark_has_a_sample() -> None:
    assert set(names(Path(benchmarks.__path__[0]))) >= set(SAMPLES)


def test_the_99th_percentile_is_a_value_that_was_seen() -> None:
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7.0], 0.5) == 7.0


def test_a_table_is_markdown() -> None:
    assert lines([["what", "ms"], ["ack", 12]]) == ("| what | ms |\n| ---- | -: |\n| ack  | 12 |")


def test_a_chart_is_a_picture_with_a_line_for_each_column_drawn() -> None:
    picture = ElementTree.fromstring(draw(SAMPLES["relay_hour"][0]))
    lines_drawn = picture.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines_drawn) == 6
    assert "prefers-color-scheme: dark" in ElementTree.tostring(picture, "unicode")
