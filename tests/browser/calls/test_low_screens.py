"""A call on a phone above its keyboard, held upright or on its side: what is left is usable."""

from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import is_live, join, link_to, sign_in
from tests.serving import Server

ABOVE_A_KEYBOARD = ((360, 400), (320, 300), (640, 360), (640, 180), (568, 260))

CROWDED = """() => {
  const complaints = [];
  const named = (element) => element.id || element.textContent.trim();
  const seen = (name) => [...document.querySelectorAll(name)]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }));
  const buttons = seen(".call-bar > button, .call-bar summary, .lead button");
  const boxes = buttons.map((each) => each.getBoundingClientRect());
  boxes.forEach((one, number) => {
    if (one.width < 43.5 || one.height < 43.5) complaints.push(`${named(buttons[number])} is small`);
    boxes.slice(0, number).forEach((other, before) => {
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (wide > 1 && high > 1)
        complaints.push(`${named(buttons[number])} lies on ${named(buttons[before])}`);
    });
  });
  for (const each of seen("#chat-text, #chat-form button")) {
    const { left, right, top, bottom, width } = each.getBoundingClientRect();
    if (left < 0 || top < 0 || right > innerWidth + 1 || bottom > innerHeight + 1 || width < 43.5)
      complaints.push(`${named(each)} is cut off`);
  }
  for (const each of seen("#chat-form .icon"))
    if (each.getBoundingClientRect().width < 20)
      complaints.push(`the icon of ${named(each.closest("button"))} is squeezed`);
  return complaints;
}"""


async def say(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(text, exact=True)).to_be_attached()


async def test_who_writes_in_a_call_sees_the_field_its_buttons_and_the_newest_message(
    server: Server, new_context: NewContext
) -> None:
    desk = await (await new_context(base_url=server.url)).new_page()
    phone = await (
        await new_context(base_url=server.url, viewport=(360, 740), has_touch=True)
    ).new_page()
    await sign_in(desk, server)
    await join(phone, await link_to(server))
    await is_live(phone)
    await desk.get_by_role("button", name="Start with chat").click()
    await is_live(desk)
    await desk.get_by_role("button", name="Start audio call").click()
    await phone.get_by_role("button", name="Accept", exact=True).click()
    await phone.get_by_role("button", name="Chat").click()
    for number in range(8):
        await say(desk, f"line {number}")
    await phone.get_by_role("textbox", name="Message").focus()
    await expect(phone.get_by_text("line 7", exact=True)).to_be_in_viewport()
    crowded = {}
    for width, height in ABOVE_A_KEYBOARD:
        await phone.set_viewport_size({"width": width, "height": height})
        await expect(phone.get_by_text("line 7", exact=True)).to_be_in_viewport()
        if complaints := await phone.evaluate(CROWDED):
            crowded[width, height] = complaints
    assert not crowded
