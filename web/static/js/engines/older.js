/**
 * What engines of the older build lack and the other modules use; each part does nothing where an
 * engine has it. Loaded before them, in the older build alone (`web/bundles/bundling.py`). The floor
 * that the sources keep is checked with `tests/javascript/floor.js`.
 */

import "./language.js";
import "./elements.js";
import "./gaps.js";
import "./dialogs.js";
import "./positions.js";
import "./calls.js";
import "./sound.js";
