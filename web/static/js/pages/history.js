/** The history page. */

import { remindAfterExport } from "../shared/export.js";
import { followLists } from "../shared/live.js";

remindAfterExport();
followLists();
