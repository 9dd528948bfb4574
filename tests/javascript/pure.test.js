import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { count, judge } from "../../web/static/js/room/call/quality.js";
import { _, _n, fill, useCatalog } from "../../web/static/js/shared/catalog.js";
import { isInAppBrowser } from "../../web/static/js/shared/in-app-browser.js";
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

test("numbers of any size have their form, in a browser that knows nothing of the language", () => {
  useCatalog({ plural: "00".padEnd(200, "1"), messages: { a: ["x", "y"] } });
  assert.deepEqual(
    [0, 1, 2, 101, 1_000_001].map((number) => _n("a", "b", number)),
    ["x", "x", "y", "y", "y"],
  );
});

test("filled values are isolated, and unknown places stay", () => {
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

test("browsers inside apps are told from browsers", () => {
  const safari =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1";
  const chrome =
    "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 Chrome/126 Mobile Safari/537.36";
  assert.equal(isInAppBrowser(safari, true), false);
  assert.equal(isInAppBrowser(chrome, true), false);
  assert.equal(isInAppBrowser(chrome, false), true);
  assert.equal(isInAppBrowser(safari.replace(" Safari/604.1", ""), true), true);
  assert.equal(isInAppBrowser(`${safari} [FBAN/FBIOS;FBAV/400]`, true), true);
  assert.equal(isInAppBrowser(chrome.replace("Pixel 7", "Pixel 7; wv"), true), true);
});

test("loss and delay are told in plain words", () => {
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

test("counters are gathered over all streams", () => {
  assert.deepEqual(
    count([
      { type: "inbound-rtp", packetsReceived: 10, packetsLost: 1 },
      { type: "inbound-rtp", packetsReceived: 20, packetsLost: 2 },
      { type: "remote-inbound-rtp", fractionLost: 0.25 },
      { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.1 },
      { type: "candidate-pair", currentRoundTripTime: 9 },
    ]),
    { received: 30, lost: 3, roundTrip: 0.1, remoteLoss: 0.25 },
  );
});
