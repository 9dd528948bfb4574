/**
 * Asks for a guest's page again whose end does not arrive. Browsers show what has come of a page when its
 * connection breaks. Chromium goes on waiting for the rest, and runs none of its scripts, except those that it
 * holds, as this one; Firefox takes what has come for the whole page.
 */
{
  /** Milliseconds without anything new, while the server answers. */
  const STALLED = 8_000;
  const { alive = "" } = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;

  /** @param {number} before elements there were */
  const look = async (before) => {
    const isWhole = () => document.readyState !== "loading" && document.getElementById("end");
    const count = () => (isWhole() ? 0 : document.all.length);
    // an answer comes behind what is still on its way
    const answers = before === count() && (await fetch(alive).catch(() => null))?.ok;
    if (isWhole()) return;
    // what somebody has begun to write there can be sent: the form works without scripts
    const writes = [...document.querySelectorAll("textarea")].some(({ value }) => value);
    if (answers && !writes && before === count()) location.replace(location.href.split("#")[0]);
    else setTimeout(look, STALLED, count());
  };
  setTimeout(look, STALLED, -1);
}
