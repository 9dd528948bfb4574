/**
 * Asks again for scripts and styles that did not arrive, and lets the page say so. A classic script
 * beside the modules: it runs where they fail, and they run where it fails.
 */
{
  const root = document.documentElement;
  const PAUSES = [1_000, 3_000, 9_000, 27_000];

  /** @param {number} n */
  const pause = (n) => new Promise((done) => setTimeout(done, PAUSES[n]));

  /**
   * Firefox remembers for ever that a module did not arrive, and so does whatever imports it. In
   * another folder the same files are other modules, and the server gives them for any digest.
   * @param {string} address
   * @param {number} n
   */
  const elsewhere = (address, n) => address.replace("/js/", `-${n}/js/`);

  /**
   * Whether a module is missing, rather than broken, in the words of each maker.
   * @param {unknown} error
   */
  const isMissing = (error) => error instanceof TypeError && /module/.test(error.message);

  /** @param {string} address */
  async function load(address) {
    for (let n = 0; ; n += 1) {
      try {
        // nothing is fetched twice, and nothing runs twice, where it has arrived
        return await import(address).catch((error) => {
          if (n === 0 || !isMissing(error)) throw error;
          return import(elsewhere(address, n));
        });
      } catch (error) {
        root.dataset.scripts = error instanceof SyntaxError ? "too-old" : "failed";
        if (!isMissing(error) || n === PAUSES.length) throw error;
      }
      await pause(n);
    }
  }

  /** @param {HTMLLinkElement} link */
  function hasStyles({ sheet }) {
    try {
      return Boolean(sheet?.cssRules.length);
    } catch {
      return false; // it may not be read, as after a reset
    }
  }

  /** @param {HTMLLinkElement} link */
  async function style(link) {
    for (let n = 0; n < PAUSES.length && !hasStyles(link); n += 1) {
      await pause(n);
      const again = /** @type {HTMLLinkElement} */ (link.cloneNode());
      await new Promise((done) => {
        again.onload = again.onerror = done;
        again.href += `?${n}`;
        link.replaceWith(again);
      });
      link = again;
    }
  }

  /** @type {NodeListOf<HTMLLinkElement>} */
  const links = document.querySelectorAll("link[rel=stylesheet]");
  for (const link of links) void style(link);
  /** @type {NodeListOf<HTMLScriptElement>} */
  const modules = document.querySelectorAll("script[type=module]");
  Promise.all([...modules].map(({ src }) => load(src))).then(
    () => (root.dataset.scripts = "running"),
    (error) => console.warn("not started", error),
  );
}
