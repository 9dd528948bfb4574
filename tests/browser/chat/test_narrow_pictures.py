"""Strips of an ECG and long screenshots in the chat: whole, no larger than others, and to be tapped."""

import pytest

from tests.browser.chat.test_files import Session, arrived, bubble, file, is_drawn, send
from tests.browser.conftest import NewContext
from tests.files import photo
from tests.people import Person
from tests.serving import Server

BOXES = """
(line) => {
  const [picture, image] = [".picture", "img"].map((name) => line.querySelector(name).getBoundingClientRect());
  return {
    tapped: [picture.width, picture.height],
    inside: image.left > picture.left - 1 && image.right < picture.right + 1
      && image.top > picture.top - 1 && image.bottom < picture.bottom + 1,
    shape: image.width / image.height,
  };
}
"""
"""Of a line: the place where its picture is tapped in CSS pixels, whether all of the picture is there, and
how often its height its width is."""


@pytest.mark.parametrize(("width", "height"), [(1600, 64), (64, 1600), (24, 32)])
async def test_a_picture_of_any_shape_is_whole_and_can_be_tapped(
    server: Server, new_context: NewContext, width: int, height: int
) -> None:
    async with Person(server) as nurse:
        await nurse.sign_in()
        session = await Session.of(nurse)
    context = await new_context(base_url=server.url, viewport=(360, 740))
    page = await arrived(await context.new_page(), server.url, session)
    await send(page, file("strip.jpg", "image/jpeg", photo(width, height)))
    line = bubble(page, "strip.jpg")
    await is_drawn(line)
    found = await line.evaluate(BOXES)
    across, down = found["tapped"]
    assert 44 <= across <= 261
    assert 44 <= down <= 241
    assert found["inside"]
    assert abs(found["shape"] - width / height) < 0.1 * width / height
