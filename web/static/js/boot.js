/**
 * Retries scripts and styles that failed to load, and lets the page say so. A classic script beside
 * the modules: it runs where they fail, and they run where it fails.
 */
{
  const root = document.documentElement;
  const PAUSES = [1_000, 3_000, 9_000, 27_000];

  /** @param {number} n */
  const pause = (n) => new Promise((done) => setTimeout(done, PAUSES[n]));

  /**
   * Firefox caches a failed module for ever, and with it every module that imports it. In another
   * folder the same files are other modules, and the server serves them for any digest.
   * @param {string} address
   * @param {number} n
   */
  const inOtherFolder = (address, n) => address.replace("/js/", `-${n}/js/`);

  /**
   * Whether a module failed to load, rather than to run, by the message of each browser.
   * @param {unknown} error
   */
  const failedToLoad = (error) => error instanceof TypeError && /module/.test(error.message);

  /** @param {string} address */
  async function load(address) {
    for (let n = 0; ; n += 1) {
      try {
        // A module that was loaded is neither fetched nor run again.
        return await import(address).catch((error) => {
          if (n === 0 || !failedToLoad(error)) throw error;
          return import(inOtherFolder(address, n));
        });
      } catch (error) {
        root.dataset.scripts = error instanceof SyntaxError ? "too-old" : "failed";
        if (!failedToLoad(error) || n === PAUSES.length) throw error;
      }
      await pause(n);
    }
  }

  /** @param {HTMLLinkElement} link */
  function hasStyles({ sheet }) {
    try {
      return Boolean(sheet && sheet.cssRules.length);
    } catch {
      return false; // not readable, as after a connection reset
    }
  }

  /** @param {HTMLLinkElement} link */
  async function loadStyle(link) {
    for (let n = 0; n < PAUSES.length && !hasStyles(link); n += 1) {
      await pause(n);
      const copy = /** @type {HTMLLinkElement} */ (link.cloneNode());
      await new Promise((done) => {
        copy.onload = copy.onerror = done;
        copy.href += `?${n}`;
        link.replaceWith(copy);
      });
      link = copy;
    }
  }

  /** @type {NodeListOf<HTMLLinkElement>} */
  const links = document.querySelectorAll("link[rel=stylesheet]");
  for (const link of links) void loadStyle(link);
  /** @type {NodeListOf<HTMLScriptElement>} */
  const modules = document.querySelectorAll("script[type=module]");
  Promise.all([...modules].map(({ src }) => load(src)))
    .then((loaded) => Promise.all(loaded.map(({ started }) => started)))
    .then(
      () => (root.dataset.scripts = "running"),
      (error) => {
        root.dataset.scripts = error instanceof SyntaxError ? "too-old" : "failed";
        console.warn("not started", error);
      },
    );
}
