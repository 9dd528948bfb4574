"""Who may do what on a real server: every action, by every role, over HTTP or the socket."""

import ast
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signaling.access import MATRIX, ROLES
from signaling.identifier import new_id
from tests.clock import MovableClock
from tests.people import Person, Refused, an_id
from tests.serving import serving
from tests.structure import nodes
from tests.web.access.visits import ATTEMPTS, EMAILS, SEATED, STRANGERS, Town, Visit, a_team

ROOT = Path(__file__).parents[3]

STAFF = "scheduler co_scheduler"
ALL = f"{STAFF} service_user companion colleague interpreter"
ALLOWED = {
    "enter": ALL,
    "read_chat": ALL,
    "write_chat": ALL,
    "send_file": ALL,
    "read_file": ALL,
    "turn_photo": ALL,
    "answer_photo": ALL,
    "ask_for_phone_call": "service_user companion colleague interpreter",
    "start_call": ALL,
    "join_call": ALL,
    "ask_photo": STAFF,
    "start": STAFF,
    "terminate": STAFF,
    "resume": STAFF,
    "reopen": STAFF,
    "cancel": "scheduler",
    "edit": STAFF,
    "invite": STAFF,
    "export": STAFF,
    "see_links": STAFF,
    "see_waiting": f"{STAFF} team_member",
    "take_part": f"{STAFF} team_member",
    "share": "scheduler",
    "end_share": "scheduler",
    "give_back": "co_scheduler",
    "hand_over": "scheduler",
}
"The matrix, written out once more: changing it takes two hands."

ASKING = ("require", "may", "owned", "_own", "_editable", "place_of", "staying")
"Functions that ask the matrix."
NOWHERE = {"not_found", "sign_in_required"}


STEADY = MovableClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _not_all_within_a_minute() -> None:
    """The same few browsers press more buttons than anybody may."""
    STEADY.move(timedelta(minutes=1))


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        folder = tmp_path_factory.mktemp("access")
        server = await stack.enter_async_context(serving(folder, steady=STEADY))
        people = {
            name: await stack.enter_async_context(Person(server)) for name in (*ROLES, *STRANGERS)
        }
        await server.account()
        await server.account("other@example.org", "Nurse Jay")
        await server.account("remi@example.org", "Dr Remi")
        await server.account("mate@example.org", "Nurse Mo")
        await server.account("third@example.org", "Dr Third")
        await server.account("admin@example.org", "Ada", "administrator")
        for name, email in EMAILS.items():
            assert (await people[name].sign_in(email)).status == 303
        await a_team(server, "nurse@example.org", "mate@example.org")
        town = Town(server, people)
        _, invites = await town.consultation()
        seat = invites["service_user"]
        await town.sit(seat, people["holder_of_another_seat"])
        town.own_seat = seat.id
        yield town


ON_THE_SOCKET = {"ask_photo", "start", "terminate", "resume"} | {
    action for action, roles in ALLOWED.items() if roles == ALL
}


def test_the_matrix_is_the_table_above() -> None:
    assert {action: set(roles) for action, roles in MATRIX.items()} == {
        action: set(roles.split()) for action, roles in ALLOWED.items()
    }
    assert set(ATTEMPTS) == set(MATRIX)


def test_every_action_of_the_matrix_is_asked_for_somewhere() -> None:
    asked = set()
    for folder in ("signaling/flows", "signaling/rooms", "web"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in nodes(file.read_text("utf-8")):
                match node:
                    case ast.Call(
                        func=ast.Name(id=name) | ast.Attribute(attr=name),
                        args=args,
                    ) if name in ASKING:
                        words = (each for part in args for each in ast.walk(part))
                        found = {w.value for w in words if isinstance(w, ast.Constant)}
                        asked |= found & set(MATRIX)
    assert asked == set(MATRIX)


@pytest.mark.parametrize("actor", [*ROLES, *STRANGERS])
@pytest.mark.parametrize(
    "action",
    # A report is drawn by a process of its own.
    [pytest.param(each, marks=pytest.mark.slow) if each == "export" else each for each in ALLOWED],
)
async def test_everybody_may_do_what_the_matrix_says_and_nothing_else(
    town: Town, action: str, actor: str
) -> None:
    allowed = actor in ALLOWED[action].split()
    assert allowed == (actor in MATRIX[action])
    async with AsyncExitStack() as stack:
        visit = Visit(town, actor, stack)
        await visit.prepare(action)
        before = await visit.facts()
        answers = await ATTEMPTS[action](visit)
        after = await visit.facts()
    if allowed:
        assert answers == {"done"}
        return
    if action == "ask_for_phone_call":
        # only a seat has it: staff has none, and somebody else's is on another device
        assert answers <= NOWHERE | {"410"}
    elif actor in STAFF.split() or (actor in SEATED and action in ON_THE_SOCKET):
        assert answers == {"not_allowed"}
    elif actor in ("team_member", "other_scheduler", "administrator"):
        assert answers == {"not_found"}
    else:
        assert answers and answers <= NOWHERE
    assert after == before


@pytest.mark.parametrize(
    ("action", "role"), [(action, role) for action in ALLOWED for role in ALLOWED[action].split()]
)
async def test_a_right_that_is_taken_from_the_matrix_is_refused(
    town: Town, action: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server uses the matrix, not something that happens to agree with it."""
    monkeypatch.setitem(MATRIX, action, tuple(each for each in MATRIX[action] if each != role))
    async with AsyncExitStack() as stack:
        visit = Visit(town, role, stack)
        await visit.prepare(action)
        before = await visit.facts()
        assert await ATTEMPTS[action](visit) == {"not_allowed"}
        assert await visit.facts() == before


async def test_another_seat_tells_nothing_of_whether_one_exists(town: Town) -> None:
    _, invites = await town.consultation()
    for name in STRANGERS:
        person = town.people[name]
        real = await person.get(f"/seat/{invites['companion'].id}")
        invented = await person.get(f"/seat/{new_id()}")
        assert real.status == invented.status in (404, 410)


async def test_a_call_elsewhere_cannot_be_joined_from_ones_own_room(town: Town) -> None:
    async with AsyncExitStack() as stack:
        visit = Visit(town, "scheduler", stack)
        await visit.prepare("start_call")
        caller = await visit.welcomed("scheduler", consultation_id=visit.id)
        call = an_id("call")
        await caller.command("call_start", id=call, media="audio")
        other = await visit.welcomed("holder_of_another_seat", invite_id=town.own_seat)
        with pytest.raises(Refused, match="conflict"):
            await other.command("call_accept", call_id=call)
