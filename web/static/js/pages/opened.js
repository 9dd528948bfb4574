/** The opened sessions. */

import { followLists } from "../shared/live.js";

followLists();
