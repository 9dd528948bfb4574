/**
 * Plays random orders (`device-orders.js`) with the modules of a real page.
 * `tests/browser/calls/test_devices.py` loads this module into the page, beside its own ones.
 */

import { Order } from "./device-orders.js";
import { Clock, Dice, Hardware, SilentAudio } from "./device-world.js";

/**
 * @param {{ base: string, seed: number, orders: number }} given where the page's modules are, and
 *   the seed of the first order; each next one has the next seed
 * @returns {Promise<{ faults: string[], tracks: number }>} tracks: how many were given out
 */
export async function runOrders({ base, seed, orders }) {
  const { CallController, placeMarkup } = await import(`${base}/js/room/call/call-controller.js`);
  const { Saving } = await import(`${base}/js/room/saving/saving.js`);
  const { Refused } = await import(`${base}/js/signaling/channel.js`);
  const { StillCamera } = await import(`${base}/js/room/files/still-camera.js`);
  const { LazyGreenroom } = await import(`${base}/js/room/lazy-greenroom.js`);
  // what it loads is there, so that nothing but the orders takes time
  await import(`${base}/js/room/greenroom/greenroom.js`);
  await (await import(`${base}/js/shared/style-sheet.js`)).styleSheet("greenroom.css");
  await (await import(`${base}/js/shared/catalog.js`)).loadFileSentences();
  placeMarkup(await (await fetch(document.body.dataset.callMarkup ?? "")).text());
  const hardware = new Hardware();
  await hardware.install();
  let dice = new Dice(seed);
  const clock = new Clock();
  clock.install();
  const phone = { is: false };
  Object.assign(globalThis, {
    AudioContext: SilentAudio,
    matchMedia: () => ({ matches: phone.is, addEventListener() {} }),
  });
  navigator.permissions.query = async () =>
    /** @type {any} */ ({ state: dice.one(["prompt", "granted", "denied"]) });
  const untouched = document.getElementById("room")?.cloneNode(true);
  const faults = [];
  let tracks = 0;
  for (let number = seed; number < seed + orders && faults.length < 5; number += 1) {
    dice = new Dice(number);
    phone.is = dice.is(0.5);
    if (untouched) document.getElementById("room")?.replaceWith(untouched.cloneNode(true));
    sessionStorage.removeItem("call:orders");
    hardware.requests = [];
    hardware.tracks = [];
    clock.timers = [];
    const people = 1 + (number % 3);
    try {
      await new Order(
        { CallController, LazyGreenroom, Refused, Saving, StillCamera },
        hardware,
        clock,
        dice,
        people,
      ).run();
    } catch (error) {
      faults.push(`order ${number}, ${people} people: ${error}`);
    }
    tracks += hardware.tracks.length;
    for (const { track } of hardware.tracks) track.stop();
  }
  return { faults, tracks };
}
