"""Calls: when, how long, how they ended; and the members of one while it lasts."""

import json

from signaling.calls.call import Call, Member
from signaling.calls.topology import Path, Topology
from signaling.moments.milliseconds import from_ms, maybe_from_ms, maybe_ms, to_ms
from storage.engine.executor import Executor


class Calls:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def put(self, consultation_id: str, call: Call) -> bool:
        """Insert or update the call. Its members are deleted when it is over.

        False, and nothing is written, if another call has this id, or it was over already.
        """
        members = (
            {}
            if call.over
            else {name: [member.state, member.peer_id] for name, member in call.members.items()}
        )
        rows = await self._executor.rows(
            "INSERT INTO call (id, consultation_id, media, state, started_by, started_at,"
            " answered_at, ended_at, topology, members) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
            " answered_at = excluded.answered_at, ended_at = excluded.ended_at,"
            " topology = excluded.topology, members = excluded.members"
            " WHERE call.consultation_id = excluded.consultation_id"
            " AND call.started_by = excluded.started_by AND call.ended_at IS NULL RETURNING id",
            (
                call.id, consultation_id, call.media, call.state, call.started_by,
                to_ms(call.started_at), maybe_ms(call.answered_at), maybe_ms(call.ended_at),
                call.path.topology.value, json.dumps(members),
            ),
        )  # fmt: skip
        return bool(rows)

    async def current(self, consultation_id: str) -> Call | None:
        """The call that was not over when it was last written."""
        rows = await self._executor.rows(
            "SELECT id, media, state, started_by, started_at, answered_at, topology, members"
            " FROM call WHERE consultation_id = ? AND state IN ('ringing', 'ongoing')"
            " ORDER BY started_at DESC LIMIT 1",
            (consultation_id,),
        )
        for row in rows:
            members = {
                name: Member(state, peer_id)
                for name, (state, peer_id) in json.loads(row["members"]).items()
            }
            joined = frozenset(name for name, member in members.items() if member.state == "joined")
            return Call(
                row["id"],
                row["media"],
                row["started_by"],
                from_ms(row["started_at"]),
                row["state"],
                maybe_from_ms(row["answered_at"]),
                path=Path(Topology(row["topology"]), carried=joined),
                members=members,
            )
        return None
