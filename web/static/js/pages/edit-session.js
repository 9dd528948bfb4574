/** The page behind "Edit". */

import { askBeforeSubmitting } from "../shared/confirm.js";
import "./new-invite.js";

askBeforeSubmitting();
