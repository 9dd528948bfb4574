""" "Try this number": by which routes a message would go to it, what it costs, and a real test."""

from aiohttp import web

from signaling.account import Account
from signaling.delivery import kept_channels
from signaling.delivery.sms_segments import count
from signaling.errors import N_, InvalidInput, TooManyRequests
from signaling.identifier import new_id
from signaling.invite import Person
from signaling.notices import price
from signaling.notices.notice import Content, Outcome, Outgoing, Template, Way
from signaling.notices.route import PHONE_CHANNELS, choose
from storage.store import Records
from web.forms.contacts import country_name, format_contact, region_of, understand
from web.http.forms import form_errors, form_of
from web.http.request import administrator, viewer_of
from web.keys import (
    CLOCK,
    CONFIG,
    LIMITS,
    NOTICE_ROUTING,
    OPERATOR_TEXTS,
    SENDING,
    STORE,
)
from web.markup.administration.try_number import Trial, TrialWay
from web.notices.sms import sms
from web.pages.administration.routes import routes_form
from web.view_models import Form, Viewer

TEST = N_("This is a test message from $brand. Nothing needs to be done.")


async def try_number(request: web.Request) -> web.Response:
    """Show what would happen to a number; with `step=send`, send it a test message.

    The number comes in the body, so that it is in no log and no history.
    """
    account = await administrator(request)
    typed = await form_of(request)
    viewer, number = await viewer_of(request), typed.get("number", "")
    form, outcome = Form({"number": number}), None
    try:
        contact = understand(number, request.app[CONFIG].default_region).contact
        if contact.kind != "phone":
            raise InvalidInput("number", N_("Please enter a mobile number."))
        if typed.get("step") == "send":
            outcome = await _send(request, account, viewer, contact.address)
    except (InvalidInput, TooManyRequests) as error:
        at_number = error.at("number") if isinstance(error, InvalidInput) else error
        form = Form(form.values, form_errors(at_number, viewer))
        return await routes_form(request, form, error.status)
    region = country_name(region_of(contact), viewer.language)
    trial = Trial(
        shown=format_contact(contact),
        country=region,
        ways=_ways(request, contact.address, _text(viewer)),
        in_the_outbox=_in_the_outbox(request),
        outcome=outcome,
    )
    return await routes_form(request, form, trial=trial)


def _text(viewer: Viewer) -> str:
    return sms(viewer.translate(TEST), {"brand": viewer.brand}, ("",))


def _in_the_outbox(request: web.Request) -> bool:
    return "sms" in kept_channels(request.app[CONFIG].delivery)


def _ways(request: web.Request, number: str, text: str) -> list[TrialWay]:
    """What would be tried in turn, and then the channels that no route opens."""
    app = request.app
    routes, can = choose(app[NOTICE_ROUTING].routes, number), app[NOTICE_ROUTING].channels(number)
    cost = price.cost(app[CONFIG].sms_prices, number, count(text).count)
    ways = [
        TrialWay(
            route.channel,
            route.sender_id or "",
            "open" if route.channel in can else "not_set_up",
            cost if route.channel == "sms" else "",
        )
        for route in routes
    ]
    open_channels = {route.channel for route in routes}
    closed = [channel for channel in PHONE_CHANNELS if channel not in open_channels]
    return ways + [TrialWay(channel, "", "closed", "") for channel in closed]


async def _send(request: web.Request, account: Account, viewer: Viewer, number: str) -> Outcome:
    """Hand a test message over by the way that is tried first.

    Raises InvalidInput if there is none, TooManyRequests.
    """
    app = request.app
    person = Person("", "", "sms", number, viewer.language)
    can = app[NOTICE_ROUTING].channels(number)
    ways = [way for way in app[NOTICE_ROUTING].of(person) if way.channel in can]
    if not ways:
        raise InvalidInput(
            "number", N_("The administrator has not allowed messages to this number.")
        )
    await app[LIMITS].hit("test_message", account.id)
    now, way = app[CLOCK].now(), ways[0]

    async def log(records: Records) -> None:
        await records.audit.append(now, account.id, "send_test_message", way.channel)

    await app[STORE].write(log)  # before it leaves, so that no message leaves without its line
    return await app[SENDING].hand_over(_outgoing(request, account, viewer, number, way))


def _outgoing(
    request: web.Request, account: Account, viewer: Viewer, number: str, way: Way
) -> Outgoing:
    approved = request.app[OPERATOR_TEXTS].template("invitation", viewer.language)
    values = {"name": account.name, "scheduler": account.name, "note": "–"}
    template = None
    if approved is not None:
        here = str(request.app[CONFIG].public_url)
        parameters = tuple(values.get(name, here) for name in approved.parameters)
        template = Template(approved.name, parameters, approved.locale)
    content = Content("", _text(viewer), template=template)
    return Outgoing(
        new_id(), new_id(), way.channel, number, viewer.language, content, way.sender_id
    )
