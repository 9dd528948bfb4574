"""What the page "Health" says about each part of the server, by what was measured."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import htpy as h

from signaling.notices.notice import Channel
from web.health.measuring import Delivery, Health
from web.markup.shared.labels import channel_label, clock, filled, reason_sentence
from web.texts.dates import amount, file_size
from web.view_models import Viewer

State = Literal["good", "warning", "bad", "off"]
LITTLE = 0.1
"Share of free disk below which somebody should look."
TOO_LITTLE = 200 * 2**20
"Bytes of free disk below which the server will soon stop accepting anything; `/readyz` waits for less."
SOON = timedelta(days=21)
"A certificate that renews itself is renewed before this."
AHEAD = timedelta(seconds=30)
"Signatures of providers and codes of apps are refused by clocks that are further apart."
OLD_BACKUP = timedelta(days=2)
PRODUCT = "TeleConnect"


def state_labels(viewer: Viewer) -> dict[State, str]:
    """State -> its label."""
    _ = viewer.translate
    return {
        "good": _("In order"),
        "warning": _("Look at this"),
        "bad": _("Act now"),
        "off": _("Not set up"),
    }


@dataclass(frozen=True)
class Part:
    name: str
    "Its id on the page."
    label: str
    state: State
    facts: tuple[h.Node, ...]
    advice: str


def every_part(viewer: Viewer, health: Health) -> list[Part]:
    """All parts, in the order of the page."""
    deliveries = [_delivery(viewer, health, each) for each in health.delivery]
    return [
        _disk(viewer, health),
        _database(viewer, health),
        *deliveries,
        _provider(viewer, health),
        _sign_in(viewer, health),
        _relay(viewer, health),
        _turn(viewer, health),
        _clock(viewer, health),
        _certificate(viewer, health),
        _backup(viewer, health),
        _scanner(viewer, health),
        *_objects(viewer, health),
        _audit(viewer, health),
        _front_end(viewer, health),
        _version(viewer, health),
    ]


def _disk(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    disk = health.disk
    fact = _("%(free)s of %(total)s are free.") % {
        "free": file_size(disk.free, viewer.language),
        "total": file_size(disk.total, viewer.language),
    }
    label = _("Disk")
    if disk.free < TOO_LITTLE:
        advice = _("Free some space now: without any, nothing can be stored and nobody can write.")
        return Part("disk", label, "bad", (fact,), advice)
    if disk.free < LITTLE * disk.total:
        return Part("disk", label, "warning", (fact,), _("Plan for more space soon."))
    return Part("disk", label, "good", (fact,), _("There is enough space."))


def _database(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    fact = _("Database: %(database)s, photos and PDFs: %(files)s.") % {
        "database": file_size(health.disk.database, viewer.language),
        "files": file_size(health.disk.files, viewer.language),
    }
    advice = _("It shrinks by itself as sessions are deleted after their time.")
    return Part("database", _("Stored data"), "good", (fact,), advice)


def _delivery(viewer: Viewer, health: Health, channel: Channel) -> Part:
    _ = viewer.translate
    ngettext = viewer.plural
    found: Delivery = health.delivery[channel]
    last, label = found.last, channel_label(viewer, channel)
    unreached = channel == "email" and health.mail_reach == "fails"
    facts: tuple[h.Node, ...] = (
        ngettext("%(count)s notice waits.", "%(count)s notices wait.", found.waiting)
        % {"count": found.waiting}
        if found.waiting
        else _("Nothing waits to be sent."),
        _at(viewer, _("Last handed over: %(time)s"), last.succeeded_at),
        _at(viewer, _("Last failure: %(time)s"), last.failed_at),
        reason_sentence(viewer, last.reason) if last.failed_at else None,
        _("The mail server does not let this server in.") if unreached else None,
        None
        if last.succeeded_at or last.failed_at
        else _("Nothing has been sent since the server started."),
    )
    if found.provider == "outbox_folder":
        advice = _("Nothing leaves this server; notices are kept in the outbox for you to read.")
        return Part(channel, label, "off", facts, advice)
    if last.failing or unreached:
        advice = _("Check the address and the password of the provider in the settings.")
        return Part(channel, label, "bad", facts, advice)
    if found.waiting:
        return Part(channel, label, "warning", facts, _("Check again in a minute."))
    return Part(channel, label, "good", facts, _("Nothing to do."))


def _provider(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    label, answer = _("Provider of SMS and WhatsApp"), health.answer
    if answer is None:
        advice = _("To write to phones, set up an account at the provider.")
        return Part("provider", label, "off", (), advice)
    if answer.problem:
        fact = h.span(dir="ltr")[answer.problem]
        advice = _("Check that this server can reach the internet; notices wait meanwhile.")
        return Part("provider", label, "bad", (fact,), advice)
    return Part("provider", label, "good", (_("It answers."),), _("Nothing to do."))


def _sign_in(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    label = _("Provider of sign-in")
    if health.sign_in is None:
        advice = _("To sign in with the organization's credentials, set up its provider.")
        return Part("sign-in-provider", label, "off", (), advice)
    if health.sign_in:
        fact = h.span(dir="ltr")[health.sign_in]
        advice = _("Check its address in the settings; nobody can sign in with it meanwhile.")
        return Part("sign-in-provider", label, "bad", (fact,), advice)
    return Part("sign-in-provider", label, "good", (_("It answers."),), _("Nothing to do."))


def _relay(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    problem = health.relay_problem and h.span(dir="ltr")[health.relay_problem]
    state, fact, advice = {
        "ok": ("good", _("It runs and answers."), _("Nothing to do.")),
        "unreached": (
            "warning",
            _("It runs, but does not answer this server at the addresses that browsers are given."),
            _("Open its UDP port in the firewall, or set the address that browsers reach."),
        ),
        "restarting": ("warning", _("It is being started."), _("Check again in a minute.")),
    }.get(
        health.relay,
        (
            "off",
            _("There is no relay: all calls go directly between browsers."),
            _("Calls of three or more people need it: turn it on in the settings."),
        ),
    )
    shown: State = "good" if state == "good" else "off" if state == "off" else "warning"
    loop = {
        "native": _("The native packet loop forwards what people see and hear."),
        "python": _("Python forwards packets, which takes two to three times the processor time."),
    }.get(health.packet_loop)
    if shown == "good" and health.packet_loop == "python":
        shown = "warning"
        advice = _("Run scripts/setup with a C compiler installed, then start the server again.")
    return Part("relay", _("Relay"), shown, (fact, problem, loop), advice)


def _turn(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    label = "TURN"
    if not health.turn:
        advice = _("Behind strict firewalls calls need a TURN server: set one up if calls fail.")
        return Part("turn", label, "off", (), advice)
    program = "coturn"
    own = health.coturn is not None
    version = (h.span(dir="ltr")[f"{program} {health.coturn}"],) if own else ()
    facts = version + tuple(
        h.span[
            h.span(dir="ltr")[url],
            ": ",
            h.span(dir="ltr")[problem] if problem else _("It answers."),
        ]
        for url, problem in health.turn.items()
    )
    failing = [problem for problem in health.turn.values() if problem]
    if not failing:
        return Part("turn", label, "good", facts, _("Nothing to do."))
    advice = _("Check that the TURN server runs, and that its port is open.")
    state: State = "bad" if len(failing) == len(health.turn) and not own else "warning"
    return Part("turn", label, state, facts, advice)


def _clock(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    ahead = health.answer.ahead if health.answer else None
    seconds = round(abs(ahead).total_seconds()) if ahead is not None else 0
    said = ahead is not None and (
        _("It agrees with the provider's to %(seconds)s.")
        if seconds <= AHEAD.total_seconds()
        else _("It differs from the provider's by %(seconds)s.")
    ) % {"seconds": amount(seconds, "second", viewer.language)}
    facts: tuple[h.Node, ...] = (
        _at(viewer, _("Now: %(time)s"), health.now),
        said,
        _at(viewer, _("Last stored time: %(time)s"), health.stored_at),
    )
    label = _("Clock")
    if not health.clock_trusted:
        advice = _("Set the clock by NTP; nothing is deleted until it has held for an hour.")
        return Part("clock", label, "bad", facts, advice)
    if seconds > AHEAD.total_seconds():
        advice = _("Set the clock by NTP: sign-ins and receipts may be refused.")
        return Part("clock", label, "bad", facts, advice)
    return Part("clock", label, "good", facts, _("Nothing to do."))


def _certificate(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    label, shown = _("Certificate"), health.certificate
    if shown is None:
        advice = _("Browsers allow calls by HTTPS only: put a proxy with a certificate in front.")
        return Part("certificate", label, "off", (_("This server is reached by HTTP."),), advice)
    problem = shown.problem and h.span(dir="ltr")[shown.problem]
    if shown.ends_at is None:
        advice = _("This server cannot reach its own public address; look from elsewhere.")
        return Part("certificate", label, "warning", (problem,), advice)
    facts = (_at(viewer, _("Valid until %(time)s"), shown.ends_at), problem)
    if shown.ends_at <= health.now or shown.problem:
        advice = _("Renew or correct it now: browsers refuse this server.")
        return Part("certificate", label, "bad", facts, advice)
    if shown.ends_at - health.now < SOON:
        return Part("certificate", label, "warning", facts, _("Renew it before it ends."))
    return Part("certificate", label, "good", facts, _("Nothing to do."))


def _backup(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    label, made_at = _("Backup"), health.backup_at
    if made_at is None:
        advice = _("Have a backup made every day, as the manual says.")
        return Part("backup", label, "off", (_("No backup is known."),), advice)
    facts = (_at(viewer, _("The newest is of %(time)s"), made_at),)
    if health.now - made_at > OLD_BACKUP:
        advice = _("Find out why there is no newer one.")
        return Part("backup", label, "warning", facts, advice)
    return Part("backup", label, "good", facts, _("Try now and then whether it can be restored."))


def _scanner(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    label = _("Virus scanner")
    if health.scanner == "off":
        advice = _("Files are accepted unscanned; connect ClamAV to have them scanned.")
        return Part("scanner", label, "off", (), advice)
    if health.scanner != "ok":
        advice = _("Start it: until it answers, no files are accepted.")
        return Part("scanner", label, "bad", (_("It does not answer."),), advice)
    return Part("scanner", label, "good", (_("It answers."),), _("Nothing to do."))


def _objects(viewer: Viewer, health: Health) -> list[Part]:
    """Nothing where there is none."""
    _ = viewer.translate
    if health.objects == "off":
        return []
    label = _("Object store")
    if health.objects == "ok":
        return [Part("objects", label, "good", (_("It answers."),), _("Nothing to do."))]
    advice = _("Start it: until it answers, no files are accepted.")
    return [Part("objects", label, "bad", (_("It does not answer."),), advice)]


def _audit(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    label, finding = _("Audit log"), health.audit
    if not finding.holds:
        altered = _("Line %(number)s has been altered.") % {"number": finding.broken}
        advice = _("Keep a copy of the database, and find out who could write to it.")
        return Part("audit", label, "bad", (altered,), advice)
    fact = [_("Last line:"), " ", h.code(".head", dir="ltr")[str(finding.head)]]
    advice = _("Note this line elsewhere now and then: it shows later whether the end was cut off.")
    return Part("audit", label, "good", (fact,), advice)


def _front_end(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    label, builds = _("Pages for older phones"), h.span(dir="ltr")[" / ".join(health.builds)]
    if health.front_end:
        fact = h.span(dir="ltr")[health.front_end]
        advice = _(
            "Install esbuild and start the server again: until then phones whose browser is from "
            "before 2023 cannot call."
        )
        return Part("front-end", label, "warning", (fact, builds), advice)
    return Part("front-end", label, "good", (builds,), _("Phones of many years can call."))


def _version(viewer: Viewer, health: Health) -> Part:
    _ = viewer.translate
    fact = h.span(dir="ltr")[f"{PRODUCT} {health.version}"]
    advice = _("Read the list of changes before you install another one.")
    return Part("version", _("Version"), "good", (fact,), advice)


def _at(viewer: Viewer, sentence: str, moment: datetime | None) -> h.Node:
    """A sentence about a moment; nothing without one."""
    return None if moment is None else filled(sentence, time=clock(viewer, moment))
