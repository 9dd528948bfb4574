/** Adding a passkey under the profile. */

import { loadCatalog } from "../shared/catalog.js";
import { byId, inside, setText, show } from "../shared/dom.js";
import { hasPasskeys, makePasskey, PasskeyProblem, post } from "../shared/passkeys.js";

const form = byId("new-passkey", HTMLFormElement);
const here = location.origin === form.dataset.origin;
show(byId("passkey-elsewhere", HTMLElement), !here);
show(byId("no-passkeys", HTMLElement), here && !hasPasskeys());
show(form, here && hasPasskeys());
const ready = loadCatalog();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await ready;
  const problem = byId("passkey-problem", HTMLElement);
  const submit = inside(form, "button[type=submit]");
  setText(problem, "");
  submit.toggleAttribute("disabled", true);
  try {
    const { options = "", answer = "" } = form.dataset;
    const credential = await makePasskey(await post(options, {}));
    const name = byId("name", HTMLInputElement).value;
    const done = await post(answer, { name, credential });
    location.assign(done.next);
  } catch (error) {
    if (!(error instanceof PasskeyProblem)) throw error;
    setText(problem, error.message);
  } finally {
    submit.toggleAttribute("disabled", false);
  }
});
