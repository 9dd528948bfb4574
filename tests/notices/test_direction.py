"""Mails with both text directions: names and numbers neither reorder nor are reordered."""

from tests.notices.desk import Desk


async def test_names_and_numbers_keep_their_direction_in_mails(nurse: Desk) -> None:
    note = "الطوارئ +41 79 123 45 67\nالجرعة 5 mg"
    arabic = {"first_name": "John", "last_name": "Smith", "language": "ar", "note": note}
    await nurse.invite(address="john@example.org", **arabic)
    await nurse.invite(address="ahmad@example.org", first_name="أحمد", language="en")
    await nurse.invite(address="jane@example.org", first_name="Jane", language="en")
    to_john, to_ahmad, to_jane = (each.message for each in nurse.outside.mail.received)
    for kind in ("plain", "html"):
        text = to_john.get_body((kind,)).get_content()
        assert "\u2068John Smith\u2069" in text and "\u2068Nurse Joy\u2069" in text
        assert "\u2066+41 79 123 45 67\u2069" in text and "\u20665 mg\u2069" in text
        assert "Hello \u2068أحمد\u2069," in to_ahmad.get_body((kind,)).get_content()
        assert "كتب \u2068Nurse Joy\u2069:" in text
        assert "Hello Jane," in to_jane.get_body((kind,)).get_content()


async def test_a_note_says_who_wrote_it_and_keeps_its_own_direction(nurse: Desk) -> None:
    jane = {"address": "jane@example.org", "first_name": "Jane", "language": "en"}
    await nurse.invite(**jane, note="Please bring your letter.\nأحضروا الرسالة.")
    await nurse.invite(**jane)
    with_note, without = (each.message for each in nurse.outside.mail.received)
    text = with_note.get_body(("plain",)).get_content()
    written = "Nurse Joy writes:\nPlease bring your letter.\n\u2068أحضروا الرسالة.\u2069"
    assert written in text.replace("\r\n", "\n")
    html = with_note.get_body(("html",)).get_content()
    assert "Nurse Joy writes:<br>" in html.replace("<br />", "<br>")
    assert "writes:" not in without.get_body(("plain",)).get_content()
