/** The page behind "Edit". */

import { wirePreview } from "../forms/preview.js";
import { askBeforeSubmitting } from "../shared/confirm.js";
import { maybe } from "../shared/dom.js";
import "./new-invite.js";

askBeforeSubmitting();
const more = maybe("more-people", HTMLFormElement);
if (more) wirePreview(more);
