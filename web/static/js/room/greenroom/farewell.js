/** What a guest reads when the session is over: thanks, what was kept, and until when. */

import { _, fill } from "../../shared/catalog.js";
import { byId } from "../../shared/dom.js";
import { dateAndTime } from "../../shared/time/format.js";
import { element } from "../files/elements.js";

/**
 * Shown until the page has its seat again, as after a reopening.
 * @param {number | null} deletedAt epoch milliseconds; null: this page does not know
 */
export function show(deletedAt) {
  if (document.getElementById("farewell")) return;
  const kept = deletedAt
    ? fill(
        _(
          "What was written and sent here is kept until %(moment)s. Then it is deleted, on this page as well.",
        ),
        { moment: dateAndTime(deletedAt) },
      )
    : _("What was written and sent here is deleted soon, on this page as well.");
  byId("heading", HTMLElement).after(
    element(
      "div",
      { id: "farewell", role: "status" },
      element("p", {}, `${_("Thank you for coming.")} ${_("You can close this page.")}`),
      element("p", { class: "hint" }, `${_("Calls are never recorded.")} ${kept}`),
    ),
  );
}
