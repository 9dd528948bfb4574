/** The page after signing in beside another one, which goes on by itself: this one is not needed. */

import { tellSignedIn } from "../shared/signed-in.js";

tellSignedIn(document.body.dataset.account ?? "");
window.close(); // a browser may refuse; then the page says what to do
