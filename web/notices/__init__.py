"""What a notice says: the words of mails, SMS and WhatsApp messages, and the calendar event.

Which file makes which part, in the order in which a notice comes about:

- `signaling/notices/texts.py`: the English source texts of every occasion, and their placeholders.
- `operator_texts.py`: the operator's own text in place of one of those, or its translation.
- `signaling/flows/notices/composing.py`: the values of the placeholders, and subject, mail and SMS.
- `renderer.py`: what composing asks for in a reader's language: sentences, moments, links.
- `mail_template.py` and `mail_html.py`: Markdown with its values as the HTML of a mail.
- `sms.py`: the short text in as few segments as possible.
- `calendar.py`: the event that is attached.
- `routing.py`: by which channels and senders it is tried.
- `outbox.py`: reading back what was written to the outbox folder instead of being sent.
"""
