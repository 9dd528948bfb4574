import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { joinInPlace } from "../../web/static/js/room/joining.js";
import { ParkedSocket } from "../../web/static/js/signaling/parked-socket.js";

/** @type {Map<string, PropertyDescriptor | undefined>} */
const before = new Map();
/** @type {(error: Error) => void} */
let failAnswer = () => {};

class Button {
  disabled = false;
  textContent = "Join the session";
}

class Form extends EventTarget {
  dataset = { seat: "/seat/a", joining: "Connecting…" };
  action = "/i/token";
  button = new Button();
  submitted = 0;

  querySelector() {
    return this.button;
  }

  submit() {
    this.submitted += 1;
  }
}

beforeEach(() => {
  const stage = {
    document: {
      visibilityState: "visible",
      body: { dataset: { home: "https://a.example", nextFiles: "/session.js", socket: "/socket" } },
    },
    location: { origin: "https://a.example", href: "https://a.example/", protocol: "https:" },
    navigator: { cookieEnabled: true },
    HTMLElement: Button,
    FormData: class extends Map {
      constructor() {
        super();
      }
    },
    WebSocket: class {
      close() {}
    },
    fetch: () => new Promise((_answered, fail) => (failAnswer = fail)),
  };
  for (const [name, value] of Object.entries(stage)) {
    before.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { configurable: true, value });
  }
});

afterEach(() => {
  for (const [name, described] of before) {
    if (described) Object.defineProperty(globalThis, name, described);
    else Reflect.deleteProperty(globalThis, name);
  }
});

test("the button says that the page is connecting, until the browser itself asks", async () => {
  const form = new Form();
  joinInPlace(/** @type {any} */ (form), new ParkedSocket());
  const press = new Event("submit", { cancelable: true });
  form.dispatchEvent(press);
  const { button } = form;
  assert.deepEqual(
    [press.defaultPrevented, button.disabled, button.textContent, form.submitted],
    [true, true, "Connecting…", 0],
  );
  failAnswer(new Error("no line"));
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(
    [button.disabled, button.textContent, form.submitted],
    [false, "Join the session", 1],
  );
});
