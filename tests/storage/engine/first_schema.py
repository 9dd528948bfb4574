"""A data folder as the first schema left it: rows in every table, written without today's code."""

import hashlib
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signaling.moments.milliseconds import to_ms
from signaling.token import token_digest
from storage.engine.master_key import make_key
from storage.engine.vault import ONE_KEY, ConsultationKey
from tests.serving import PASSWORD, QUICK

SCHEMA = Path(__file__).parents[3] / "storage" / "migrations" / "0001.sql"
OPEN, OVER = "consultation-open", "consultation-over"
LINES = ("What hurts?", "Мені болить рука", "يدي تؤلمني")
WAYS = (("email",), ("sms",), ("whatsapp", "sms"), ("email", "sms"))
"Of the notices that wait."


class Old:
    """Writes rows as that version did: keys that encrypt themselves, texts bound to their row."""

    def __init__(self, folder: Path, now: datetime) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._master = AESGCM(make_key(folder / "master.key"))
        self._now = now
        self.link = ""
        with closing(sqlite3.connect(folder / "teleconnect.sqlite3")) as self._database:
            self._database.executescript(SCHEMA.read_text("utf-8"))
            self._database.execute("PRAGMA user_version=1")
            self._fill()
            self._database.commit()
            self._check()

    def _put(self, table: str, **row: Any) -> None:
        marks = ", ".join("?" * len(row))
        self._database.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
        )

    def _ago(self, **past: float) -> int:
        return to_ms(self._now - timedelta(**past))

    def _fill(self) -> None:
        self._put(
            "account", id="account-nurse", email="nurse@example.org", name="Nurse Joy",
            role="scheduler", password_hash=QUICK._hasher.hash(PASSWORD), language="en",
            time_zone="UTC", created_at=self._ago(days=30),
        )  # fmt: skip
        self._put("web_session", token_digest=b"digest", account_id="account-nurse", data="{}",
                  created_at=self._ago(days=1), expires_at=self._ago(days=-1))  # fmt: skip
        self._session(OPEN, "active", None)
        self._session(OVER, "closed", self._ago(hours=30))
        self._put("used_token", token_id="token", forget_at=self._ago(days=-1))
        self._put("notice_text", occasion="invitation", language="de", part="subject", text="Hallo")
        self._put("whatsapp_template", occasion="invitation", language="de", name="one",
                  locale="de", parameters="link")  # fmt: skip
        self._put("setting", name="routes", value="")
        self._put("interpreting_organization", id="organization-1", name="Words", languages="ar uk",
                  email="words@example.org", position=1, active=1)  # fmt: skip
        self._audit()

    def _session(self, one: str, state: str, closed_at: int | None) -> None:
        self._put(
            "consultation", id=one, scheduler_id="account-nurse", kind="remote", state=state,
            created_at=self._ago(days=2), time_zone="UTC", started_at=self._ago(days=2),
            closed_at=closed_at, interpreting="none", interpreting_language="",
        )  # fmt: skip
        raw, nonce = os.urandom(32), os.urandom(12)
        self._put("vault_key", consultation_id=one,
                  wrapped=nonce + self._master.encrypt(nonce, raw, one.encode()))  # fmt: skip
        key = ConsultationKey(one, raw, ONE_KEY)
        note = key.seal("consultation.note", b"bring the letter")
        self._database.execute("UPDATE consultation SET note = ? WHERE id = ?", (note, one))
        invite = f"invite-{one}"
        token = key.token(f"invite:{invite}")
        self.link = self.link or f"/i/{token}"
        person = {"first_name": "Amina", "last_name": "", "channel": "sms",
                  "address": "+41791234567", "language": "en", "time_zone": "UTC"}  # fmt: skip
        self._put(
            "invite", id=invite, consultation_id=one, role="service_user", state="sent",
            token_digest=token_digest(token), address_digest=b"address",
            person=key.seal(f"invite.person.{invite}", msgspec.json.encode(person)),
            created_at=self._ago(days=2),
        )  # fmt: skip
        check = {"outcomes": {"camera": "passed"}, "at": self._now - timedelta(days=2)}
        self._put("seat", invite_id=invite, web_session_digest=b"d", taken_at=self._ago(days=2))
        self._put("device_check", invite_id=invite, at=self._ago(days=2),
                  result=key.seal(f"device_check.result.{invite}", msgspec.json.encode(check)))  # fmt: skip
        for position, line in enumerate(LINES, 1):
            self._put(
                "chat_message", consultation_id=one, position=position, id=f"line-{position}",
                participant_id=invite, kind="text", sent_at=self._ago(days=1),
                text=key.seal(f"chat_message.text.line-{position}", line.encode()),
            )  # fmt: skip
        self._put("seen", consultation_id=one, participant_id=invite, position=3)
        self._put("command", consultation_id=one, id="command-1")
        self._put("call", id=f"call-{one}", consultation_id=one, media="video", state="ended",
                  started_by=invite, started_at=self._ago(days=2), ended_at=self._ago(days=1),
                  topology="direct", members="{}")  # fmt: skip
        for number, ways in enumerate(WAYS):
            self._notice(key, one, invite, number, ways)
        self._put("reply", id=f"reply-{one}", consultation_id=one, invite_id=invite, channel="sms",
                  kind="text", at=self._ago(days=1), text=key.seal(f"reply.text.reply-{one}", b"yes"))  # fmt: skip
        self._put("interpreter_request", id=f"request-{one}", consultation_id=one, language="ar",
                  organization_id="organization-1", state="declined", token_digest=one.encode(),
                  created_at=self._ago(days=2), expires_at=self._ago(days=1))  # fmt: skip

    def _notice(
        self, key: ConsultationKey, one: str, invite: str, number: int, ways: tuple[str, ...]
    ) -> None:
        notice, waits = f"notice-{one}-{number}", one == OPEN
        address = "+41791234567" if "email" not in ways else f"amina{number}@example.org"
        envelope = {
            "address": address, "language": "en",
            "ways": [{"channel": channel, "sender_id": None} for channel in ways],
            "content": {"subject": "Session", "text": f"Words {number}"},
        }  # fmt: skip
        self._put(
            "notice", id=notice, consultation_id=one, invite_id=invite, occasion="invitation",
            dedupe_key=notice, created_at=self._ago(hours=1), due_at=self._ago(hours=1),
            next_at=self._ago(hours=1) if waits else None,
            state="pending" if waits else "handed_over", version=0,
            envelope=key.seal(f"notice.envelope.{notice}", msgspec.json.encode(envelope)),
        )  # fmt: skip
        if not waits:
            self._put("delivery_attempt", id=f"attempt-{notice}", notice_id=notice, number=0,
                      channel=ways[0], state="handed_over", tries=1, reason="", code="")  # fmt: skip

    def _audit(self) -> None:
        before = bytes(32)
        for number in (1, 2, 3):
            at = self._ago(days=4 - number)
            parts = (str(number), str(at), "account-nurse", "add_person", OPEN)
            before = hashlib.sha256(before + "\x1f".join(parts).encode()).digest()
            self._put("audit", number=number, at=at, actor="account-nurse", action="add_person",
                      object=OPEN, digest=before)  # fmt: skip

    def _check(self) -> None:
        tables = self._database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        for (table,) in tables.fetchall():
            assert self._database.execute(f"SELECT 1 FROM {table}").fetchone(), table
        assert not self._database.execute("PRAGMA foreign_key_check").fetchall()
