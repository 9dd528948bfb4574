/** What was sent after the end of a sign-in: it is sent again once the same account is signed in. */

import { byId } from "../shared/dom.js";
import { lastAccount, whenSignedIn } from "../shared/signed-in.js";
import { openBeside } from "../shared/sign-in-beside.js";

const form = byId("kept-form", HTMLFormElement);
const owner = lastAccount();
let sent = false;

openBeside(byId("sign-in-again", HTMLAnchorElement));

form.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  sent = true;
});
whenSignedIn((account) => {
  if (account === owner) form.requestSubmit();
  else if (owner) location.replace(form.dataset.home ?? "/"); // it is nobody else's
  // else nobody knows whose it is, and whoever reads this page decides
});
