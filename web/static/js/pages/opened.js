/** The opened sessions. */

import { followLists } from "../shared/live-lists.js";

followLists();
