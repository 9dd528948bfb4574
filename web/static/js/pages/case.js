/** The page of one session. */

import { askBeforeSubmitting } from "../shared/confirm.js";
import { remindAfterExport } from "../shared/export-reminder.js";
import { followLists } from "../shared/live-lists.js";
import { wireRowActions } from "../shared/row-actions.js";

askBeforeSubmitting();
wireRowActions();
remindAfterExport();
followLists();
