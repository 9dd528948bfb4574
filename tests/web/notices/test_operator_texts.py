"""The operator's approved templates: which one a notice takes."""

from pathlib import Path

from signaling.notices.texts import ApprovedTemplate
from tests.serving import serving
from web.keys import OPERATOR_TEXTS, STORE


async def test_an_interpreter_gets_the_template_of_everybody_until_there_is_one(
    tmp_path: Path,
) -> None:
    usual, own = ApprovedTemplate("usual", "en"), ApprovedTemplate("interpreters", "en")
    async with serving(tmp_path) as server:
        store, words = server.app[STORE], server.app[OPERATOR_TEXTS]
        assert words.template("interpreter_invitation", "en") is None
        await store.write(
            lambda records: records.notice_texts.put_template("invitation", "en", usual)
        )
        await words.load(store)
        assert words.template("interpreter_invitation", "en") == usual
        assert words.template("interpreter_planned_invitation", "en") is None
        await store.write(
            lambda records: records.notice_texts.put_template("interpreter_invitation", "en", own)
        )
        await words.load(store)
        assert words.template("interpreter_invitation", "en") == own
        assert words.template("invitation", "en") == usual
