/** Recovery codes: copying and printing them. */

import "./copy-link.js";
import { maybe } from "../shared/dom.js";
import { setUpPage } from "./every-page.js";

setUpPage();
maybe("print", HTMLButtonElement)?.addEventListener("click", () => print());
