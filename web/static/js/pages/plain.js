/** Pages without a script of their own. */

import { setUpPage } from "./every-page.js";

setUpPage();

// A message was sent before the scripts of the full page ran. They do run here.
const { full } = document.body.dataset;
if (full) location.replace(full);
