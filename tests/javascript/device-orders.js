/**
 * Random sequences of events around the devices of a session page, in a real browser: clicks in any
 * order, late answers and refusals of the browser and the server, devices that are unplugged, other
 * people who arrive, call and hang up, photos that are taken and looks at oneself meanwhile. After
 * every step the live tracks must be those that the call, or the look, wants.
 */

import { Line, ME, PAGE, settled } from "./device-world.js";

/** @import { Clock, Dice, Hardware, Kind, Request } from "./device-world.js" */

const STEPS = 40;
const BUTTONS = {
  "start-video": 3,
  "start-audio": 2,
  "accept-call": 8,
  "accept-without-camera": 2,
  "join-call": 3,
  "decline-call": 1,
  "hang-up": 2,
  microphone: 3,
  camera: 5,
  "share-screen": 3,
  "switch-camera": 3,
  "audio-only": 1,
  "see-yourself": 2,
  "look-microphone": 2,
  "look-camera": 2,
};

/** One order: a fresh page of the session, and what it must hold after every step. */
export class Order {
  /** @type {any} */
  room;
  /** What was pressed last for each, as the page showed it when it was pressed. */
  wishes = { microphone: true, camera: false, screen: false };
  /** @type {Set<Kind>} which the browser has refused since they were last asked for */
  refused = new Set();
  isOut = true;
  /** The dialog with the camera for a photo is open. */
  takesPhoto = false;
  /** Before a call they look at themselves. */
  wasLooking = false;
  /** @type {string[]} */
  log = [];

  /**
   * @param {{ CallController: any, LazyGreenroom: any, Refused: any, Saving: any, StillCamera: any }} modules
   * @param {Hardware} hardware
   * @param {Clock} clock
   * @param {Dice} dice
   * @param {number} people on the page's side of the session, its own person included
   */
  constructor(modules, hardware, clock, dice, people) {
    this.hardware = hardware;
    this.clock = clock;
    this.dice = dice;
    const others = ["amina", "lee"].slice(0, people - 1);
    this.line = new Line(others, (call) => this.#learn(call), modules.Refused);
    this.room = {
      me: ME,
      epoch: "epoch-one",
      seq: 1,
      consultation: { state: "active" },
      participants: [ME, ...others].map((one) => ({
        participant_id: one,
        role: one === ME ? "scheduler" : "colleague",
        name: one,
        online: true,
      })),
      chat: [],
      last: 0,
      seen: {},
      call: null,
    };
    this.media = new modules.CallController({
      peerId: PAGE,
      storageKey: "call:orders",
      channel: this.line,
      saving: new modules.Saving({ seat: "orders", asked: false, onChange: () => {} }),
      command: (/** @type {any} */ message) =>
        this.line.command(message).then(
          () => true,
          () => false,
        ),
      room: () => this.room,
      notify: () => {},
      render: () => this.#render(),
    });
    this.greenroom = new modules.LazyGreenroom({
      loadCalls: () => {},
      render: () => this.#render(),
      notify: () => {},
    });
    this.#render();
    /** A phone that runs one camera at a time. */
    this.isOneCamera = dice.is(0.5);
    this.still = new modules.StillCamera({
      onTrack: () => {},
      onRefused: () => {},
      onAsking: () => {},
    });
  }

  /** @param {any} call */
  #learn(call) {
    this.room = { ...this.room, seq: this.room.seq + 1, call };
    this.#render();
  }

  #render() {
    if (!this.media || !this.greenroom) return;
    const room = this.line.ended ? { ...this.room, call: null, consultation: null } : this.room;
    this.media.render(room);
    const rings = !this.line.ended && this.media.isRinging && room.call.media === "video";
    const isBefore = !this.line.ended && !this.media.membership.inside;
    this.greenroom.render(isBefore, rings, this.media);
  }

  async run() {
    for (let step = 0; step < STEPS && !this.line.ended; step += 1) {
      await this.#step();
      this.#check();
    }
    if (this.dice.is(0.7)) this.#photo(false);
    await this.#drain(true);
    this.#checkSettled();
    if (this.takesPhoto) this.#photo(false);
    await this.#drain(true);
    this.#checkSettled();
    this.#press("hang-up");
    this.#check();
    await this.#drain(this.dice.is(0.5));
    this.#is(!this.#shown("call"), "no call is shown in the end");
    this.#is(this.#live() === 0, "nothing is live in the end");
    const mine = this.line.call?.members[ME]?.state;
    this.#is(this.line.ended || mine !== "joined", "the server has me in no call in the end");
  }

  async #step() {
    const { dice, hardware, line } = this;
    const { requests } = hardware;
    const weights = {
      press: 6,
      answer: requests.length ? 5 : 0,
      take: line.up.length ? 5 : 0,
      receive: line.down.length ? 6 : 0,
      other: line.others.length ? 1.5 : 0,
      time: 1.5,
      unplug: 0.7,
      wake: 0.3,
      choose: 0.8,
      photo: 0.8,
      miss: line.call ? 0.3 : 0,
      end: 0.1,
    };
    const step = dice.weighted(weights);
    this.log.push(step);
    if (step === "press") this.#pressAny();
    else if (step === "answer") this.#answer(dice.one(requests), dice.is(0.75));
    else if (step === "take") line.take();
    else if (step === "receive") line.receive();
    else if (step === "other") line.other(dice);
    else if (step === "time") this.clock.pass(dice.one([300, 1200, 4000]));
    else if (step === "unplug") this.#unplug();
    else if (step === "wake") this.media.wake();
    else if (step === "choose") this.#choose(dice.one(["choose-microphone", "choose-camera"]));
    else if (step === "photo") this.#photo(!this.takesPhoto);
    else if (step === "miss") line.end();
    else this.#end();
    await settled();
  }

  /** @param {boolean} takes */
  #photo(takes) {
    this.takesPhoto = takes;
    if (takes) this.still.open(this.media.devices);
    else this.still.close();
  }

  #pressAny() {
    const { dice } = this;
    // Sometimes a button that is hidden while it is being pressed.
    const names = Object.entries(BUTTONS).filter(([name]) => this.#shown(name) || dice.is(0.03));
    if (!names.length) return;
    const name = dice.weighted(Object.fromEntries(names));
    this.#press(name);
    if (dice.is(0.3)) this.#press(name);
  }

  /** @param {string} name */
  #press(name) {
    this.log.push(name);
    const was = this.#shown("call");
    const pressed = document.getElementById(name)?.getAttribute("aria-pressed") === "true";
    if (name === "microphone") this.wishes.microphone = !pressed;
    if (name === "camera") this.wishes.camera = !pressed && (was || this.#looks());
    if (name === "share-screen") this.wishes.screen = !pressed && was;
    if (name === "audio-only" && !pressed) this.wishes.camera = this.wishes.screen = false;
    if (name === "microphone") this.refused.delete("audio");
    if (name === "camera") this.refused.delete("video");
    if (name === "share-screen") this.refused.delete("screen");
    this.#wishBefore(name, pressed);
    document.getElementById(name)?.click();
    if (name === "hang-up") this.isOut = true;
    if (!was && this.#shown("call")) {
      this.isOut = false;
      this.refused.clear();
      const { call } = this.room;
      this.wishes.camera =
        name === "start-video" ||
        (/^(accept-call|join-call)$/.test(name) && call?.media === "video");
    }
    if (!this.#shown("call") && !this.#looks()) this.wishes.camera = this.wishes.screen = false;
  }

  /**
   * What is pressed before a call.
   * @param {string} name
   * @param {boolean} pressed
   */
  #wishBefore(name, pressed) {
    const { wishes } = this;
    // without a look its buttons do nothing, also for a press from when they were shown
    if (!this.#looks()) return;
    if (name === "look-microphone") this.refused.delete("audio");
    if (name === "look-camera") this.refused.delete("video");
    if (name === "see-yourself") wishes.microphone = wishes.camera = true;
    if (name === "look-microphone") wishes.microphone = !pressed;
    if (name === "look-camera") wishes.camera = !pressed;
    if (name === "see-yourself") this.refused.clear();
  }

  #looks() {
    return this.#shown("look") && this.#shown("greenroom");
  }

  /** A look that has begun is one with both; after it the microphone is on. */
  #followLook() {
    const { wishes } = this;
    const looks = this.#looks();
    if (looks && !this.wasLooking) {
      wishes.microphone = wishes.camera = true;
      this.refused.clear();
    }
    if (!looks && this.wasLooking && !this.#shown("call")) wishes.microphone = true;
    this.wasLooking = looks;
    return looks;
  }

  /** @param {string} id of a list of devices */
  #choose(id) {
    const select = /** @type {HTMLSelectElement} */ (document.getElementById(id));
    select.replaceChildren(new Option("one", "one"), new Option("two", "two"));
    select.value = this.dice.one(["one", "two"]);
    this.refused.delete(id === "choose-camera" ? "video" : "audio");
    select.dispatchEvent(new Event("change"));
  }

  /**
   * @param {Request} request
   * @param {boolean} yes
   */
  #answer(request, yes) {
    const other = { still: "video", video: "still" }[String(request.kind)];
    if (other && this.isOneCamera && this.hardware.live(/** @type {Kind} */ (other)).length) {
      this.hardware.refuse(request, "NotReadableError");
      return;
    }
    if (yes) {
      this.hardware.grant(request);
      return;
    }
    const names = ["NotAllowedError", "NotReadableError", "NotFoundError", "OverconstrainedError"];
    this.refused.add(request.kind);
    this.hardware.refuse(request, this.dice.one(names));
  }

  #unplug() {
    const kinds = /** @type {const} */ (["audio", "video", "screen"]);
    const those = kinds.flatMap((kind) => this.hardware.live(kind));
    if (!those.length) return;
    const { track, kind } = this.dice.one(those);
    if (kind === "screen") this.wishes.screen = false;
    this.hardware.unplug(track);
  }

  /** The seat is taken elsewhere, or the page is left. */
  #end() {
    this.line.ended = true;
    this.isOut = true;
    if (this.dice.is(0.5)) this.media.abandon();
    else this.media.hide();
    this.#photo(false);
  }

  /**
   * Everything that is under way arrives.
   * @param {boolean} yes what the browser answers
   */
  async #drain(yes) {
    for (let round = 0; round < 12; round += 1) {
      for (const request of [...this.hardware.requests]) this.#answer(request, yes);
      await settled();
      this.#check();
      while (!this.line.ended && (this.line.up.length || this.line.down.length)) {
        if (this.line.up.length) this.line.take();
        else this.line.receive();
        await settled();
        this.#check();
      }
      this.clock.pass(1500);
      await settled();
    }
    this.#check();
  }

  // --- what must hold

  #check() {
    const { hardware } = this;
    const call = this.#shown("call") && !this.line.ended;
    if (this.isOut) this.#is(this.line.ended || !call, "a call is shown after hanging up");
    const looks = this.#followLook();
    if (!call) {
      const photo = hardware.live("still").length;
      this.#is(looks || this.#live() === photo, "something is live without a call");
      this.wishes.screen = false;
      if (!looks) this.wishes.camera = false;
    }
    const still = hardware.live("still").length > 0;
    this.#is(this.takesPhoto || !still, "a camera is live and nobody takes a photo");
    for (const kind of /** @type {const} */ (["audio", "video", "screen", "still", "copy"])) {
      this.#is(hardware.live(kind).length <= 1, `more than one ${kind} is live`);
      const open = hardware.requests.filter((one) => one.kind === kind).length;
      this.#is(open <= 1, `more than one request for ${kind} is open`);
    }
    const { camera, screen } = this.wishes;
    this.#is(camera || !hardware.live("video").length, "a camera is live that nobody wants");
    this.#is(screen || !hardware.live("screen").length, "a screen is live that nobody wants");
    const [sound] = hardware.live("audio");
    const heard = sound?.track.enabled === true;
    this.#is(this.wishes.microphone || !heard, "somebody muted is heard");
    if (looks) {
      this.#is(this.#pressed("look-microphone") === heard, "the look's microphone is wrong");
      this.#is(this.#pressed("look-camera") === this.#hasPicture(), "the look's camera is");
      this.#checkOwnPicture("#own-picture video");
    }
    if (!call) return;
    this.#is(this.#pressed("microphone") === heard, "the microphone's button is wrong");
    this.#is(this.#pressed("camera") === this.#hasPicture(), "the camera's is");
    this.#is(
      this.#pressed("share-screen") === hardware.live("screen").length > 0,
      "the screen's is",
    );
    this.#checkOwnPicture("#self-tile video");
  }

  /** @param {string} place */
  #checkOwnPicture(place) {
    const video = document.querySelector(place);
    const own = video instanceof HTMLVideoElement ? video.srcObject : null;
    const shown = own instanceof MediaStream ? own.getTracks() : [];
    const { hardware, wishes } = this;
    const still = wishes.camera ? hardware.live("still") : [];
    const [live] = [...hardware.live("screen"), ...hardware.live("video"), ...still];
    this.#is(shown[0] === live?.track, "the own picture is not what is live");
  }

  /** Everything was answered: what is wanted is there, and the server knows the same. */
  #checkSettled() {
    if (this.line.ended) return;
    const call = this.#shown("call");
    const mine = this.line.call?.members[ME]?.state;
    this.#is(call === (mine === "joined"), `the server has me as ${mine}`);
    if (!call && !this.#looks()) return;
    const { hardware, refused, wishes } = this;
    for (const [kind, wanted] of /** @type {[Kind, boolean][]} */ ([
      ["audio", wishes.microphone],
      ["video", wishes.camera],
      ["screen", wishes.screen],
    ])) {
      // it comes back after the photo
      if (!wanted || refused.has(kind) || (kind === "video" && this.takesPhoto)) continue;
      this.#is(hardware.live(kind).length === 1, `${kind} is wanted and is not there`);
    }
    if (!call) return;
    const told = this.line.media;
    this.#is(told?.camera === this.#hasPicture(), "the others are told otherwise");
  }

  /** Whether the call has a picture of a camera: its own, or that for the photo. */
  #hasPicture() {
    const { hardware, wishes } = this;
    const own = hardware.live("video").length > 0;
    return own || (wishes.camera && hardware.live("still").length > 0);
  }

  #live() {
    const kinds = /** @type {const} */ (["audio", "video", "screen", "still", "copy"]);
    return kinds.reduce((sum, kind) => sum + this.hardware.live(kind).length, 0);
  }

  /** @param {string} id */
  #shown(id) {
    const element = document.getElementById(id);
    return element !== null && element.closest("[hidden]") === null;
  }

  /** @param {string} id */
  #pressed(id) {
    return document.getElementById(id)?.getAttribute("aria-pressed") === "true";
  }

  /**
   * @param {boolean} holds
   * @param {string} what
   */
  #is(holds, what) {
    if (!holds) throw new Error(`${what}, after ${this.log.join(" ")}`);
  }
}
