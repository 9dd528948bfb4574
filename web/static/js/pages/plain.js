/** Pages that have nothing else to do in the browser. */

import { serveReader } from "./every-page.js";

serveReader();
