"""The build for older engines, which runs in every one, and what stands in for what they lack."""

from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.harness.sources import serve_sources
from tests.browser.harness.visits import join, link_to, sign_in
from tests.serving import Server
from web.keys import STATIC

OLD_PHONE = (
    "Mozilla/5.0 (Linux; Android 6.0.1; SM-J500F) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/76.0.3809.132 Mobile Safari/537.36"
)


async def test_an_old_phone_gets_its_own_build_and_writes_in_it(
    server: Server, new_context: NewContext
) -> None:
    desk = await (await new_context(base_url=server.url)).new_page()
    phone = await (await new_context(base_url=server.url, user_agent=OLD_PHONE)).new_page()
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    await sign_in(desk, server)
    await join(phone, server.url + await link_to(server))
    await expect(phone.locator("#other-side")).to_contain_text("has not joined yet")
    await desk.get_by_role("button", name="Start next consultation").click()
    await expect(desk.get_by_role("button", name="Start the session")).to_be_visible()
    await phone.get_by_role("textbox", name="Message").fill("From an old phone")
    await phone.get_by_role("button", name="Send", exact=True).click()
    await expect(desk.get_by_text("From an old phone")).to_be_visible()
    builds = {
        address.split("/static/")[1].split("/")[0] for address in asked if "/static/" in address
    }
    files = server.app[STATIC]
    assert builds == {files.older.digest} != {files.current.digest}


async def on_a_page_without(page: Page, server: Server, *names: str) -> str:
    """A page of ours whose engine lacks these; returns where the sources are."""
    missing = "; ".join(f"delete {name}" for name in names)
    await page.add_init_script(missing)
    await page.goto(f"{server.url}/signin")
    return await serve_sources(page)


async def test_dialogs_open_keep_the_focus_and_close_where_there_are_none(
    server: Server, new_context: NewContext
) -> None:
    page = await (await new_context(base_url=server.url)).new_page()
    sources = await on_a_page_without(page, server, "window.HTMLDialogElement")
    await page.evaluate(
        """async (sources) => {
          await import(`${sources}/js/engines/dialogs.js`);
          const opener = document.createElement("button");
          opener.id = "opener";
          const box = document.createElement("box"); // as unknown as <dialog> is there
          box.id = "box";
          for (const name of ["first", "second"]) {
            const button = document.createElement("button");
            button.id = name;
            button.textContent = name;
            box.append(button);
          }
          document.querySelector("main").append(opener, box);
          globalThis.told = [];
          for (const kind of ["cancel", "close"]) box.addEventListener(kind, () => told.push(kind));
          opener.focus();
          box.showModal();
        }""",
        sources,
    )
    box = page.locator("#box")
    await expect(box).to_have_attribute("aria-modal", "true")
    await expect(page.locator("#first")).to_be_focused()
    await page.evaluate("document.querySelector('main input').focus()")
    await expect(page.locator("#first")).to_be_focused()
    assert await page.evaluate("box.open && box instanceof HTMLDialogElement")
    await page.keyboard.press("Escape")
    await expect(page.locator("#opener")).to_be_focused()
    assert not await page.evaluate("box.open")
    await page.wait_for_function("() => told.join() === 'cancel,close'")
    await page.evaluate("box.showModal(); box.close('chosen')")
    assert await page.evaluate("box.returnValue") == "chosen"


async def test_parts_of_the_language_and_of_documents_do_as_the_engines_own(
    server: Server, new_context: NewContext
) -> None:
    page = await (await new_context(base_url=server.url)).new_page()
    found: list[Any] = []
    for names in ((), ("Array.prototype.at", "String.prototype.at", "String.prototype.replaceAll",
                       "Element.prototype.replaceChildren",
                       "HTMLFormElement.prototype.requestSubmit")):  # fmt: skip
        page = await (await new_context(base_url=server.url)).new_page()
        sources = await on_a_page_without(page, server, *names)
        found.append(
            await page.evaluate(
                """async (sources) => {
                  for (const part of ["language", "elements"]) {
                    await import(`${sources}/js/engines/${part}.js`);
                  }
                  const list = document.createElement("ul");
                  list.append("one", document.createElement("li"));
                  list.replaceChildren("two", document.createElement("b"));
                  const form = document.createElement("form");
                  const heard = [];
                  form.addEventListener("submit", (event) => {
                    event.preventDefault();
                    heard.push(event.submitter?.id ?? "nobody");
                  });
                  document.body.append(form);
                  form.requestSubmit();
                  return [
                    [1, 2, 3].at(-1), [1].at(-2) ?? "none", [4, 5].at(0), "abc".at(-1),
                    "a.b.c".replaceAll(".", "$&$"), "aab".replaceAll(/a/g, "x"),
                    list.innerHTML, heard.length, form.childNodes.length,
                    Object.keys([1]).join(),
                  ];
                }""",
                sources,
            )
        )
    assert found[0] == found[1]
    assert found[0][0] == 3
