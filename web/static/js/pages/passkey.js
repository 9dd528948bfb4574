/**
 * The button for a passkey: at sign-in, as the second step, and where somebody shows again who they
 * are. These pages work without it.
 */

import { loadCatalog } from "../shared/catalog.js";
import { byId, inside, maybe, setText, show } from "../shared/dom.js";
import { hasAutofill, hasPasskeys, PasskeyProblem, post, takePasskey } from "../shared/passkeys.js";

/** Before the server's five minutes for a challenge are over. */
const RENEW_MS = 4 * 60_000;

/** @type {CredentialMediationRequirement} */
const CONDITIONAL = "conditional";

const place = maybe("passkey", HTMLElement);
if (place && hasPasskeys()) void offer(place);

/** @param {HTMLElement} offered */
async function offer(offered) {
  await loadCatalog();
  const here = location.origin === offered.dataset.origin;
  show(inside(offered, ".passkey-here"), here);
  show(inside(offered, ".passkey-elsewhere"), !here);
  show(offered, true);
  if (!here) return;
  /** @type {AbortController | null} */
  let waiting = null;

  /** Offer passkeys at the field for the email, until the button is used. */
  async function autofill() {
    for (;;) {
      await visible();
      const controller = new AbortController();
      waiting = controller;
      const renewal = setTimeout(() => controller.abort(), RENEW_MS);
      try {
        const how = { mediation: CONDITIONAL, signal: controller.signal };
        return await taken(offered, how);
      } catch {
        // Nobody has asked yet, so there is nothing to tell.
        if (waiting !== controller || !controller.signal.aborted) return null;
      } finally {
        clearTimeout(renewal);
      }
    }
  }

  byId("use-passkey", HTMLButtonElement).addEventListener("click", () => {
    const before = waiting;
    waiting = null;
    before?.abort();
    void told(async () => finish(offered, await taken(offered, {})));
  });
  if (!("autofill" in offered.dataset) || !(await hasAutofill())) return;
  const credential = await autofill();
  if (credential) await told(() => finish(offered, credential));
}

/**
 * A credential for a new challenge.
 * @param {HTMLElement} offered
 * @param {{ signal?: AbortSignal, mediation?: CredentialMediationRequirement }} how
 */
async function taken(offered, how) {
  const second = "second" in offered.dataset;
  return takePasskey(await post(offered.dataset.options ?? "", { second }), how);
}

/**
 * @param {HTMLElement} offered
 * @param {object} credential
 */
async function finish(offered, credential) {
  const { answer = "", next = "" } = offered.dataset;
  const second = "second" in offered.dataset;
  const done = await post(answer, { second, next, credential });
  location.assign(done.next);
}

/**
 * Do something, and show what went wrong.
 * @param {() => Promise<void>} action
 */
async function told(action) {
  const problem = byId("passkey-problem", HTMLElement);
  setText(problem, "");
  try {
    await action();
  } catch (error) {
    if (!(error instanceof PasskeyProblem)) throw error;
    setText(problem, error.message);
  }
}

/** A page in the background asks for nothing. */
async function visible() {
  while (document.hidden) {
    await new Promise((resolve) =>
      document.addEventListener("visibilitychange", resolve, { once: true }),
    );
  }
}
