"""What the benches of old engines and slow lines make of what they see."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from scripts.benchmarks import engines, reach
from scripts.benchmarks.__main__ import main
from scripts.benchmarks._engines import fetching, people
from scripts.benchmarks._reach.wire import Request, Wire

SAMPLES: dict[str, tuple[dict[str, Any], str]] = {
    "engines": (
        {
            "missing": "",
            "rows": [
                {
                    "engine": "76",
                    "version": "76.0.3803.0",
                    "steps": [
                        {"step": "landing", "seconds": 0.25, "broke": "", "note": "", "faults": []},
                        {
                            "step": "waiting",
                            "seconds": 15.5,
                            "broke": "no waiting room",
                            "note": "",
                            "faults": ["SyntaxError (pages/session.js:1:2)"],
                        },
                    ],
                }
            ],
        },
        "no: no waiting room",
    ),
    "reach": (
        {
            "against": "500fe084",
            "missing": [],
            "visits": [
                {
                    "link": "2G",
                    "build": build,
                    "think": think,
                    "landing": 3.4,
                    "live": live,
                    "on_the_wire": 28,
                    "waterfall": [asdict(Request("GET seat/x", 3.5, 5.25, 4000, "h2"))],
                }
                for build, live in (("before", 11.0), ("after", 5.5))
                for think in (0, 8)
            ],
            "peer": [{"link": "2G", "usable": 34.0}],
            "empty": [{"link": "2G", "usable": 2.5}],
            "weights": {
                build: {"en": {"bytes": size, "requests": 36}, "am": {"bytes": 2 * size}}
                for build, size in (("before", 40_000), ("after", 20_000))
            },
        },
        "   5.25   4,000 h2         GET seat/x",
    ),
}


@pytest.mark.parametrize(("bench", "name"), [(engines, "engines"), (reach, "reach")])
def test_a_bench_prints_its_numbers(bench: Any, name: str) -> None:
    sample, figure = SAMPLES[name]
    assert figure in bench.table(sample)


def test_a_broken_cell_fails_the_walks_of_old_engines() -> None:
    sample: dict[str, Any] = SAMPLES["engines"][0]
    assert engines.failed(sample)
    assert "76, waiting: SyntaxError (pages/session.js:1:2)" in engines.table(sample)
    (row,) = sample["rows"]
    assert not engines.failed({**sample, "rows": [{**row, "steps": row["steps"][:1]}]})


def test_what_is_left_where_something_is_refused_has_a_table_of_its_own() -> None:
    step = {"step": "waiting", "seconds": 1.5, "broke": "", "note": "simple", "faults": []}
    refused = {"engine": "today", "version": "156", "refused": "scripts", "steps": [step]}
    told = engines.table({"missing": "", "rows": [*SAMPLES["engines"][0]["rows"], refused]})
    firsts = [line.split("|")[1].strip() for line in told.splitlines() if line.startswith("|")]
    assert [first for first in firsts if not first.startswith("-")] == [
        "engine", "76 (76.0.3803.0)", "without", "scripts",
    ]  # fmt: skip
    assert "scripts, waiting: simple" in told


def test_a_benchmark_with_options_is_run_alone_and_fails_with_what_is_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments, said in (
        (["engines", "--only", "75"], "no engine 75; there are: 76, 87"),
        (["chat", "engines"], "engines has options of its own"),
    ):
        with pytest.raises(SystemExit):
            main(arguments)
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(fetching.SOURCES))
def test_an_engine_that_is_there_is_not_fetched(name: str, tmp_path: Path) -> None:
    program = (
        tmp_path
        / name
        / {
            "chromium": "chromium",
            "firefox": "root/usr/lib/firefox-esr/firefox-esr",
        }[fetching.SOURCES[name].kind]
    )
    program.parent.mkdir(parents=True)
    program.touch()
    assert fetching.fetched(name, tmp_path).program == program


@pytest.mark.parametrize(
    ("found", "count"), [([], 0), ([[0.0, 0]], 0), ([[65.0, 0], [0.0, 20], [0.0, 1]], 2)]
)
def test_a_picture_moves_if_it_changes_or_shows_frames(
    found: list[list[float]], count: int
) -> None:
    assert people.moving(found) == count


def test_two_builds_and_a_peer_are_compared_by_medians_and_ratios() -> None:
    told = reach.table(SAMPLES["reach"][0]).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told if "|" in line]
    for row in (
        ["2G", "Join to live, 8 s of reading", "11.00", "5.50", "0.50"],
        ["kB until waiting, HTTP/1.1, heaviest (am / am)", "80.00", "40.00", "0.50"],
        ["2G", "34.00", "3.40", "0.10"],
        ["2G", "2.50", "3.40", "0.90"],
    ):
        assert row in rows
    assert not reach.failed(SAMPLES["reach"][0])


def test_what_broke_is_named_by_its_build_and_its_line_or_language() -> None:
    sample: dict[str, Any] = SAMPLES["reach"][0]
    broken = {"failed": "Broken: no waiting room"}
    result = {
        **sample,
        "visits": [{"link": "2G", "build": "after", "think": 0, **broken}],
        "peer": [{"link": "EDGE", **broken}],
        "empty": [{"link": "3G", **broken}],
        "weights": {"before": {"ru": broken}, "after": {}},
    }
    assert reach.failed(result)
    told = reach.table(result).splitlines()
    for what in ("after, 2G", "peer, EDGE", "empty, 3G", "before, bytes in ru"):
        assert f"{what}: Broken: no waiting room" in told


def test_what_a_visit_loaded_is_told_from_the_events_of_its_browser() -> None:
    wire = Wire()
    answer = {"requestId": "1", "timestamp": 102.5, "encodedDataLength": 900}
    for method, event in (
        ("requestWillBeSent", sent("1", 100.0, "https://a.test/i/token")),
        ("responseReceived", {"requestId": "1", "response": {"protocol": "h2"}}),
        ("loadingFinished", answer),
        ("requestWillBeSent", sent("2", 103.0, "https://a.test/static/x/base.css")),
        ("requestServedFromCache", {"requestId": "2"}),
        ("requestWillBeSent", sent("3", 104.0, "data:image/png,x")),
        ("webSocketWillSendHandshakeRequest", {"requestId": "4", "timestamp": 105.0}),
        ("webSocketFrameReceived", frame("4", 106.0, '{"type":"welcome"}')),
        ("webSocketFrameReceived", frame("4", 107.0, '{"type":"snapshot","participants":[]}')),
    ):
        wire.hear(f"Network.{method}", event)
    found = wire.figures()
    assert (found["bytes"], found["requests"], found["on_the_wire"]) == (900, 3, 2)
    assert wire.snapshot_at == 7.0
    page, style, socket = found["waterfall"]
    assert (page["name"], page["end"], style["cached"]) == ("GET i/token", 2.5, True)
    assert (socket["name"], socket["first_frame"]) == ("socket", 6.0)


def sent(request_id: str, at: float, url: str) -> dict[str, Any]:
    return {"requestId": request_id, "timestamp": at, "request": {"url": url, "method": "GET"}}


def frame(request_id: str, at: float, payload: str) -> dict[str, Any]:
    return {"requestId": request_id, "timestamp": at, "response": {"payloadData": payload}}
