"""What a browser keeps for a page: real IndexedDB, also where it is full, forbidden or taken."""

from playwright.async_api import Browser, Page

from tests.browser.conftest import NewContext
from tests.browser.harness.visits import sign_in
from tests.serving import Server

LOAD = """
async () => {
  const { src } = document.querySelector("script[type=module]");
  const module = await import(new URL("../shared/browser-store.js", src));
  window.store = await module.openStore();
}
"""
ALL = "Promise.all(['commands', 'drafts', 'uploads'].map((name) => store.entries(name)))"
FORBIDDEN = {
    "refused": "get() { throw new DOMException('no', 'SecurityError'); }",
    "absent": "value: undefined",
}
STUBBORN_TAB = """
async () => {
  const answer = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
  window.database = await answer(indexedDB.open("teleconnect", 1));
  window.deleting = indexedDB.deleteDatabase("teleconnect");
  await new Promise((done) => (deleting.onblocked = done));
}
"""
"Holds the database while it is being deleted, so that nobody can open it."


async def opened(page: Page, server: Server) -> Page:
    await page.goto(server.url)
    await page.evaluate(LOAD)
    return page


async def lasting(page: Page) -> bool:
    return bool(await page.evaluate("store.lasting"))


async def test_what_was_put_is_there_for_the_next_page(
    server: Server, browser: Browser, other_browser: Browser
) -> None:
    for kind in (browser, other_browser):
        context = await kind.new_context()
        page = await opened(await context.new_page(), server)
        await page.evaluate("""
            (async () => {
              await store.put("commands", "seat:2", { text: "second" });
              await store.write([["commands", "seat:1", { text: "first" }], ["drafts", "a", "x"]]);
              await store.put("commands", "seats:1", { text: "of another seat" });
              await store.put("uploads", "photo", new Blob(["bytes"]));
              await store.write([["drafts", "b", "half a"], ["drafts", "a"]]);
            })()""")
        assert await lasting(page)
        await page.close()
        page = await opened(await context.new_page(), server)
        assert await page.evaluate("store.entries('commands', 'seat:')") == [
            ["seat:1", {"text": "first"}],
            ["seat:2", {"text": "second"}],
        ]
        assert await page.evaluate("store.entries('drafts')") == [["b", "half a"]]
        assert await page.evaluate("store.get('uploads', 'photo').then((b) => b.text())") == "bytes"
        assert await page.evaluate("store.get('drafts', 'a')") is None

        await page.evaluate("store.forgetBefore(Date.now() + 1000, 'seat:')")
        assert [len(found) for found in await page.evaluate(ALL)] == [2, 0, 0]
        await page.evaluate("store.clear()")
        assert await page.evaluate(ALL) == [[], [], []]
        await context.close()


async def test_where_the_database_is_forbidden_the_tab_keeps_it_and_says_so(
    server: Server, new_context: NewContext
) -> None:
    for how in FORBIDDEN.values():
        context = await new_context(base_url=server.url)
        page = await context.new_page()
        await page.add_init_script(f"Object.defineProperty(window, 'indexedDB', {{ {how} }})")
        await opened(page, server)
        assert not await page.evaluate("store.put('drafts', 'seat', 'half a')")
        assert not await page.evaluate("store.put('uploads', 'photo', new Blob(['bytes']))")
        assert not await lasting(page)
        assert await page.evaluate("store.get('uploads', 'photo').then((b) => b.size)") == 5
        await opened(page, server)
        assert await page.evaluate(ALL) == [[], [["seat", "half a"]], []]

        # once the database is there it takes over what the tab has kept
        allowed = await context.new_page()
        await opened(allowed, server)
        await allowed.evaluate("sessionStorage.setItem('held:drafts:seat', '\"half a\"')")
        await opened(allowed, server)
        await allowed.wait_for_function("() => store.lasting")
        assert await allowed.evaluate("store.get('drafts', 'seat')") == "half a"


async def test_a_newer_version_of_the_database_is_left_alone(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page = await context.new_page()
    await opened(page, server)
    await page.evaluate("store.put('drafts', 'seat', 'half a')")
    newer = await context.new_page()
    await newer.goto(server.url)
    assert (
        await newer.evaluate("""
        new Promise((done) => {
          const request = indexedDB.open("teleconnect", 7);
          request.onsuccess = () => done(request.result.version);
          request.onblocked = () => done("blocked");
        })""")
        == 7
    )
    assert not await page.evaluate("store.put('drafts', 'seat', 'half a sentence')")
    assert not await lasting(page)
    assert await page.evaluate("store.get('drafts', 'seat')") == "half a sentence"


async def test_a_database_that_does_not_open_takes_over_when_it_does(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    stubborn = await context.new_page()
    await stubborn.goto(server.url)
    await stubborn.evaluate(STUBBORN_TAB)
    page = await context.new_page()
    await opened(page, server)
    await page.evaluate("void store.put('drafts', 'seat', 'half a')")
    assert not await lasting(page)
    await stubborn.evaluate("database.close()")
    await page.wait_for_function("() => store.lasting")
    await page.close()
    page = await opened(await context.new_page(), server)
    assert await page.evaluate("store.get('drafts', 'seat')") == "half a"


async def test_a_full_disk_costs_only_what_does_not_fit(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page = await context.new_page()
    await page.goto(server.url)
    cdp = await context.new_cdp_session(page)
    # before the first entry: Chromium remembers for a while how much space there is
    await cdp.send("Storage.overrideQuotaForOrigin", {"origin": server.url, "quotaSize": 1_000_000})
    await page.evaluate(LOAD)
    assert await page.evaluate("store.put('drafts', 'seat', 'half a')")
    assert not await page.evaluate("store.put('uploads', 'photo', 'x'.repeat(5_000_000))")
    assert not await lasting(page)
    assert await page.evaluate("store.get('uploads', 'photo').then((text) => text.length)") == 5e6
    assert await page.evaluate("store.get('drafts', 'seat')") == "half a"
    assert await page.evaluate("store.delete('uploads', 'photo')")
    assert await lasting(page)


async def test_deleting_everything_waits_for_no_open_page_and_the_page_is_told(
    server: Server, new_context: NewContext
) -> None:
    context = await new_context(base_url=server.url)
    page = await opened(await context.new_page(), server)
    await page.evaluate("store.put('drafts', 'seat', 'half a')")
    await page.evaluate("void (window.told = new Promise((done) => (store.onDeleted = done)))")
    leaving = await context.new_page()
    await leaving.goto(server.url)
    await sign_in(leaving, server)
    await leaving.get_by_role("button", name="Sign out").click()
    await page.evaluate("told")
    assert await page.evaluate("store.get('drafts', 'seat')") is None
    assert await page.evaluate("store.put('drafts', 'seat', 'written afterwards')")


async def test_what_the_database_does_not_take_is_held_and_everything_else_is_stored(
    server: Server, new_context: NewContext
) -> None:
    page = await opened(await (await new_context(base_url=server.url)).new_page(), server)
    await page.evaluate("window.photo = () => 'as some private windows treat photos'")
    assert not await page.evaluate(
        "store.write([['uploads', 'file', {}], ['uploads', 'whole', photo]])"
    )
    for text in ("half", "half a"):
        assert await page.evaluate(f"store.put('drafts', 'seat', '{text}')")
        assert not await page.evaluate("store.put('uploads', 'whole', photo)")
    assert await page.evaluate("store.get('uploads', 'whole').then((held) => held === photo)")
    assert not await lasting(page)
    await page.evaluate("store.delete('uploads', 'whole')")
    await page.wait_for_function("() => store.lasting")

    next_page = await opened(await page.context.new_page(), server)
    assert await next_page.evaluate(ALL) == [[], [["seat", "half a"]], [["file", {}]]]
