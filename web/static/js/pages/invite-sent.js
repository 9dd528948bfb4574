/** What became of an invitation: the page follows its delivery, and copies the link. */

import { followLists } from "../shared/live-lists.js";
import "./copy-link.js";

followLists();
