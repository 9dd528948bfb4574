/** Pages that have nothing else to do in the browser. */

import { serveReader } from "../shared/reader.js";

serveReader();
