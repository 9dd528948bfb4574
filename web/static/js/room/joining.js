/**
 * Joining without leaving the landing page: its content becomes the session page's. The form works without
 * this, and takes over where anything is odd.
 */

import { canCall } from "./call/can-call.js";
import { byId, inside, readPage } from "../shared/dom.js";
import { newId } from "../shared/identifier.js";

/** @import { EarlySocket } from "../signaling/early-socket.js" */
/** @import { ParkedSocket } from "../signaling/parked-socket.js" */

/** Milliseconds for an answer: after that the browser itself asks, and shows that it does. */
const PATIENCE = 20_000;
/** Milliseconds for the scripts of the session, which are fetched while somebody reads. */
const PATIENCE_FOR_SCRIPTS = 15_000;

/**
 * @param {HTMLFormElement} form with the address of the seat in `data-seat`, and what its button says while
 *   the answer is on its way in `data-joining`
 * @param {ParkedSocket} parked
 */
export function joinInPlace(form, parked) {
  const { seat = "" } = form.dataset;
  form.addEventListener("submit", (event) => {
    if (!isPossible(form)) return;
    event.preventDefault();
    void join(form, seat, parked);
  });
}

/** @param {HTMLFormElement} form */
function isPossible(form) {
  const { home, nextFiles } = document.body.dataset;
  const isLeaving = "leave" in form.dataset; // the browser has to forget things first
  // under another name than the server's, no socket opens
  return !isLeaving && navigator.cookieEnabled && nextFiles && home === location.origin;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} seat
 * @param {ParkedSocket} parked
 */
async function join(form, seat, parked) {
  const button = /** @type {HTMLButtonElement} */ (inside(form, "button"));
  const label = button.textContent;
  button.disabled = true; // a second press would be a second answer
  button.textContent = form.dataset.joining ?? label; // the browser shows nothing of it
  parked.hold();
  const part = await ask(form).catch(() => null);
  const hello = part?.body.dataset.hello;
  if (!part || !hello) {
    parked.close();
    button.disabled = false; // for whoever comes back to this page
    button.textContent = label;
    form.submit();
    return;
  }
  try {
    if (!isOfThisPage(part)) throw new Error("of another version, or in another language");
    takeOver(parked.take(), hello);
    replaceContent(part, seat);
    await startScripts(part.body.dataset.nextFiles ?? "");
  } catch (error) {
    console.warn("not joined in place", error);
    location.replace(seat);
  }
}

/** @param {string} files that the session page loads, its own module behind what that imports */
async function startScripts(files) {
  const module =
    files
      .split(" ")
      .filter((file) => file.endsWith(".js"))
      .at(-1) ?? "";
  const tooLate = new Promise((_done, fail) => setTimeout(fail, PATIENCE_FOR_SCRIPTS));
  const { started } = await Promise.race([import(module), tooLate]);
  await started;
}

/**
 * @param {HTMLFormElement} form
 * @returns {Promise<Document | null>} null if the answer is anything but the part of the session page
 */
async function ask(form) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.set(name, String(value));
  fields.set("room", "part");
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const { signal } = patience;
    const answer = await fetch(form.action, { method: "POST", body: fields, signal });
    if (!answer.ok || answer.redirected) return null;
    return readPage(await answer.text());
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Document} part */
function isOfThisPage(part) {
  const { nextFiles } = document.body.dataset;
  return (
    part.documentElement.lang === document.documentElement.lang &&
    part.body.dataset.nextFiles === nextFiles
  );
}

/**
 * Say hello on the socket, and leave it where the session page looks for one. Without a socket that page
 * opens its own.
 * @param {WebSocket | null} socket
 * @param {string} given the hello as JSON
 */
function takeOver(socket, given) {
  if (!socket) return;
  const hello = { ...JSON.parse(given), peer_id: newId(), ...(canCall() ? {} : { calls: false }) };
  const say = () => socket.send(JSON.stringify(hello));
  if (socket.readyState === WebSocket.OPEN) say();
  else socket.addEventListener("open", say);
  /** @type {EarlySocket} */
  const early = { socket, peerId: hello.peer_id, frames: [], code: 0 };
  socket.onmessage = ({ data }) => early.frames.push(data);
  socket.onclose = ({ code }) => (early.code = code);
  /** @type {any} */ (window).earlySocket = early;
}

/**
 * Nothing stays of the landing page but its header and its styles.
 * @param {Document} part
 * @param {string} seat
 */
function replaceContent(part, seat) {
  const { body } = document;
  for (const child of [...body.children]) {
    if (!child.matches(".skip, .top, #held-catalog, link")) child.remove();
  }
  for (const { name } of [...body.attributes]) body.removeAttribute(name);
  for (const { name, value } of part.body.attributes) {
    if (name !== "data-hello") body.setAttribute(name, value);
  }
  const top = inside(document, ".top");
  for (const field of top.querySelectorAll("input[name=next]")) field.setAttribute("value", seat);
  top.querySelector("#leave")?.remove();
  inside(top, ".tools").append(document.importNode(inside(part, "#leave"), true));
  for (const each of ["#end", "#main"]) top.after(document.importNode(inside(part, each), true));
  scrollTo(0, 0);
  byId("main", HTMLElement).focus(); // as after a new page, for whoever hears it read
}
