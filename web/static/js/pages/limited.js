/** Shows what this browser lacks, and the ways out of it, where a page has a place for that. */

import { maybe, show } from "../shared/dom.js";
import { lacksOf, mayBeRefused } from "../shared/in-app-browser.js";
import { styleSheet } from "../shared/style-sheet.js";

/** @param {boolean} [refused] camera or microphone were refused */
export async function showLimits(refused = false) {
  const place = maybe("in-app", HTMLElement);
  if (!place) return;
  const lacks = lacksOf(window);
  const { inside } = place.dataset; // "app", "web-view" or none
  const asked = refused ? inside : inside === "web-view" && (await mayBeRefused(window));
  if (asked && !lacks.includes("devices")) lacks.push("unsure");
  for (const sentence of place.querySelectorAll("[data-lack]")) {
    const about = sentence.getAttribute("data-lack")?.split(" ") ?? [];
    show(
      sentence,
      lacks.some((lack) => about.includes(lack)),
    );
  }
  const ways = place.querySelector("template");
  if (lacks.length > 0 && !place.querySelector(".ways-out")) {
    // From now on, what they look like is fetched by the few who need it.
    styleSheet("ways-out.css").catch(() => {});
    const byHand = document.querySelector("#starting .ways-out");
    if (ways) ways.replaceWith(ways.content);
    else if (byHand) place.append(byHand.cloneNode(true));
    import("./copy-link.js").then(
      ({ offerCopying }) => offerCopying(place),
      () => {}, // then the link is copied by hand
    );
  }
  show(place, lacks.length > 0);
}
