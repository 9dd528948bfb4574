/** The history page. */

import { remindAfterExport } from "../shared/export-reminder.js";
import { followLists } from "../shared/live-lists.js";

remindAfterExport();
followLists();
