"""Reasons for the state of a delivery attempt: codes that are stored, sentences that are shown."""

from signaling.errors import N_

REASONS = {
    # problems of the server or the operator: retried
    "server_unreachable": N_("The mail server or provider cannot be reached."),
    "server_timeout": N_("The mail server or provider does not answer."),
    "connection_lost": N_("The connection broke while sending."),
    "server_busy": N_("The mail server or provider is busy and asks to try later."),
    "greylisted": N_("The recipient's mail server asks to try again in a few minutes."),
    "mailbox_full": N_("The recipient's mailbox is full."),
    "tls_untrusted": N_("The server's certificate is not trusted."),
    "tls_missing": N_("The mail server offers no encryption, but it is required."),
    "credentials_refused": N_("The mail server or provider refuses our credentials."),
    "no_credit": N_("The provider account has no credit left."),
    "provider_failed": N_("The provider had an internal failure."),
    "too_many": N_("The provider asks us to send more slowly."),
    "disk_full": N_("The disk of this server is full."),
    "outbox_unwritable": N_("The outbox folder of this server cannot be written."),
    # for good
    "address_refused": N_("The recipient's mail server does not know this address."),
    "address_not_supported": N_("The mail server cannot handle this kind of address."),
    "sender_refused": N_("Our sender address or sender name is refused."),
    "content_refused": N_("The text of the message is refused."),
    "number_refused": N_("The provider cannot reach this number."),
    "not_permitted": N_("The provider account may not send this kind of message."),
    "template_missing": N_("There is no approved WhatsApp template for this message."),
    "undelivered": N_("The phone network could not deliver the message."),
    "number_unreachable": N_("This number does not exist or cannot receive messages."),
    "blocked": N_("The recipient or the phone network blocks our messages."),
    "not_on_whatsapp": N_("This number does not use WhatsApp."),
    "no_route": N_("The administrator has not allowed messages to this number."),
    "too_late": N_("It could not be sent within a day."),
    "restored": N_(
        "The server was restored from a backup. This message may have been sent before that."
    ),
    "withdrawn": N_("It was no longer needed."),
    "hour_passed": N_("The reminder was not sent: the hour of the session had passed."),
    # outcome unknown
    "reply_lost": N_("It was handed over, but the answer never came. It may have arrived."),
    "interrupted": N_("The server stopped while sending. It may have arrived."),
}
"Stable code -> sentence, for every `reason` in `signaling.notices.notice`."
