/** Recovery codes: copying and printing them. */

import "./copy-link.js";
import { maybe } from "../shared/dom.js";

maybe("print", HTMLButtonElement)?.addEventListener("click", () => print());
