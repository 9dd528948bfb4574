/** The history page. */

import { remindAfterExport } from "../shared/export.js";

remindAfterExport();
