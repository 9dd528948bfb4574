/** Pages that have nothing else to do in the browser. */

import { setUpPage } from "./every-page.js";

setUpPage();
