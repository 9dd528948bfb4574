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
        assert "Hello Jane," in to_jane.get_body((kind,)).get_content()
