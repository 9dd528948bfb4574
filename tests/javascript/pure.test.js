import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { readCounters, judge } from "../../web/static/js/room/line/quality.js";
import { _, _n, fill, useCatalog } from "../../web/static/js/shared/catalog.js";
import { lacksOf, mayBeRefused } from "../../web/static/js/shared/in-app-browser.js";
import { directed } from "../../web/static/js/shared/text/directions.js";
import { linkify } from "../../web/static/js/shared/text/linkify.js";

afterEach(() => {
  useCatalog({ plural: "10".padEnd(200, "1"), messages: {} });
});

test("a sentence without translation stays English", () => {
  assert.equal(_("Anything"), "Anything");
  assert.equal(_n("%(count)s person", "%(count)s people", 1), "%(count)s person");
  assert.equal(_n("%(count)s person", "%(count)s people", 0), "%(count)s people");
});

test("Arabic has six forms, and each number finds its own", () => {
  useCatalog({
    lang: "ar",
    dir: "rtl",
    plural: `012${"3".repeat(8)}${"4".repeat(89)}555${"3".repeat(8)}${"4".repeat(89)}`,
    messages: { person: ["f0", "f1", "f2", "f3", "f4", "f5"], Yes: "نعم" },
  });
  const forms = [0, 1, 2, 3, 10, 11, 99, 100, 103].map((number) => _n("person", "people", number));
  assert.deepEqual(forms, ["f0", "f1", "f2", "f3", "f3", "f4", "f4", "f5", "f3"]);
  assert.equal(_("Yes"), "نعم");
});

test("numbers of any size have their plural form, in a browser that does not know the language", () => {
  useCatalog({ plural: "00".padEnd(200, "1"), messages: { a: ["x", "y"] } });
  assert.deepEqual(
    [0, 1, 2, 101, 1_000_001].map((number) => _n("a", "b", number)),
    ["x", "x", "y", "y", "y"],
  );
});

test("filled values are isolated, and unknown placeholders stay", () => {
  assert.equal(
    fill("%(name)s joined %(where)s", { name: "أحمد" }),
    "\u2068أحمد\u2069 joined %(where)s",
  );
});

/** @param {string} text */
const links = (text) => linkify(text).flatMap((part) => part.href ?? []);

test("links end where people end them", () => {
  assert.deepEqual(links("see https://example.org/a."), ["https://example.org/a"]);
  assert.deepEqual(links("(https://example.org/a)"), ["https://example.org/a"]);
  assert.deepEqual(links("https://example.org/a_(b)"), ["https://example.org/a_(b)"]);
  assert.deepEqual(links("انظر https://example.org/a، شكرا"), ["https://example.org/a"]);
  assert.deepEqual(links("https://a.example https://b.example/?q=1#x"), [
    "https://a.example/",
    "https://b.example/?q=1#x",
  ]);
});

test("only plain https becomes a link", () => {
  for (const text of [
    "javascript:alert(1)",
    "http://example.org",
    "www.example.org",
    "data:text/html,x",
    "https://user:password@example.org",
    "https://",
    "https://bank.example@evil.example",
  ]) {
    assert.deepEqual(links(text), [], text);
  }
});

test("the parts of a text are the text", () => {
  for (const text of ["", "plain", "a https://b.example, c (https://d.example).", "https://]"]) {
    assert.equal(
      linkify(text)
        .map((part) => part.text)
        .join(""),
      text,
    );
  }
});

test("only what has its own direction is cut out of a text, and nothing is lost", () => {
  /** @param {string} text */
  const isolates = (text) => directed(text).flatMap((part) => (part.isolate ? part.text : []));
  assert.deepEqual(isolates("من 10 mg إلى 20 mg"), ["10 mg", "20 mg"]);
  assert.deepEqual(isolates("رقم +41 79 123 45 67\nשלום 120/80"), ["+41 79 123 45 67", "120/80"]);
  assert.deepEqual(isolates("חולה נוטל Warfarin 5 mg, Aspirin 100 mg"), []);
  assert.deepEqual(directed("Take 5 mg, 10 % more"), [{ text: "Take 5 mg, 10 % more" }]);
  for (const text of ["", "سوג דם O+ ועוד 5 %", "Rx: أسبرين 100 mg, وارفارين 5 mg"]) {
    const joined = directed(text).map((part) => part.text);
    assert.equal(joined.join(""), text);
  }
});

/**
 * A page's window, as far as its abilities are looked at.
 * @param {object} [without]
 */
function pageOf(without = {}) {
  return /** @type {Window} */ (
    /** @type {unknown} */ ({
      isSecureContext: true,
      RTCPeerConnection: class {},
      sessionStorage: {},
      localStorage: {},
      navigator: { mediaDevices: { getUserMedia() {} } },
      document: { createElement: () => ({ type: "", disabled: false }) },
      ...without,
    })
  );
}

test("a browser lacks what it cannot do, whatever its name", () => {
  assert.deepEqual(lacksOf(pageOf()), []);
  assert.deepEqual(lacksOf(pageOf({ navigator: {} })), ["devices"]);
  assert.deepEqual(lacksOf(pageOf({ navigator: {}, isSecureContext: false })), []);
  const old = pageOf();
  Reflect.deleteProperty(old, "RTCPeerConnection");
  assert.deepEqual(lacksOf(old), ["calls"]);
  const forbidden = Object.defineProperty(pageOf(), "sessionStorage", {
    get() {
      throw new DOMException("", "SecurityError");
    },
  });
  assert.deepEqual(lacksOf(forbidden), ["storage"]);
  const files = { createElement: () => ({ type: "", disabled: true }) };
  assert.deepEqual(lacksOf(pageOf({ document: files })), ["files"]);
});

test("a web view may refuse a camera, unless it has given it before", async () => {
  /** @param {string} state */
  const asked = (state) => ({
    navigator: { permissions: { query: () => Promise.resolve({ state }) } },
  });
  assert.equal(await mayBeRefused(pageOf()), true);
  assert.equal(await mayBeRefused(pageOf(asked("prompt"))), true);
  assert.equal(await mayBeRefused(pageOf(asked("granted"))), false);
});

test("loss and delay make one of three words", () => {
  const zero = { received: 0, lost: 0, roundTrip: 0, remoteLoss: 0 };
  const good = { received: 1000, lost: 5, roundTrip: 0.08, remoteLoss: 0 };
  assert.equal(judge(zero, good), "good");
  assert.equal(judge(good, { ...good, received: 2000, lost: 60 }), "fair");
  assert.equal(judge(good, { ...good, received: 2000, lost: 300 }), "poor");
  assert.equal(judge(good, { ...good, roundTrip: 0.5 }), "fair");
  assert.equal(judge(good, { ...good, roundTrip: 1.5 }), "poor");
  assert.equal(judge(good, { ...good, remoteLoss: 0.2 }), "poor");
  assert.equal(judge(zero, zero), "good");
});

test("counters are added up over all streams", () => {
  assert.deepEqual(
    readCounters([
      { type: "inbound-rtp", packetsReceived: 10, packetsLost: 1 },
      { type: "inbound-rtp", packetsReceived: 20, packetsLost: 2 },
      { type: "remote-inbound-rtp", fractionLost: 0.25 },
      { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.1 },
      { type: "candidate-pair", currentRoundTripTime: 9 },
    ]),
    { received: 30, lost: 3, roundTrip: 0.1, remoteLoss: 0.25 },
  );
});
