/** Pages without a script of their own. */

import { setUpPage } from "./every-page.js";

setUpPage();
