/**
 * Of WebRTC 1.0: a description made by `setLocalDescription` itself, `restartIce`, and the state of a
 * connection as a whole. How many pictures a video element has shown.
 */

import { addMissing } from "./missing.js";

/** States of ICE that have another name as states of the connection. */
const NAMES = /** @type {Record<string, string>} */ ({
  checking: "connecting",
  completed: "connected",
});

// before Chrome 80
addMissing([HTMLVideoElement.prototype], {
  /** @this {any} */
  getVideoPlaybackQuality() {
    return {
      creationTime: performance.now(),
      totalVideoFrames: this.webkitDecodedFrameCount ?? 0,
      droppedVideoFrames: this.webkitDroppedFrameCount ?? 0,
    };
  },
});

if (typeof RTCPeerConnection !== "undefined") {
  const connection = /** @type {any} */ (RTCPeerConnection.prototype);
  const { setLocalDescription, createOffer } = connection;

  // before Chrome 80 and Safari 14.1
  if (setLocalDescription.length > 0) {
    /**
     * @this {any}
     * @param {any} [description]
     */
    connection.setLocalDescription = async function describe(description) {
      const offered = this.signalingState === "have-remote-offer";
      const given = description?.type ? description : null;
      const made = given ?? (await (offered ? this.createAnswer() : this.createOffer()));
      return setLocalDescription.call(this, made);
    };
  }

  // before Chrome 77 and Safari 14.1
  if (!connection.restartIce) {
    const restarting = new WeakSet();
    /** @this {any} */
    connection.restartIce = function restartIce() {
      restarting.add(this);
      this.dispatchEvent(new Event("negotiationneeded"));
    };
    /**
     * @this {any}
     * @param {object} [options]
     */
    connection.createOffer = function restartingOffer(options) {
      const restarts = restarting.delete(this);
      return createOffer.call(this, restarts ? { ...options, iceRestart: true } : options);
    };
  }

  // before Firefox 113
  if (!("connectionState" in connection)) {
    const CHANGE = "iceconnectionstatechange";
    /** @type {WeakMap<object, any>} */
    const listeners = new WeakMap();
    Object.defineProperties(connection, {
      connectionState: {
        configurable: true,
        get() {
          if (this.signalingState === "closed") return "closed";
          return NAMES[this.iceConnectionState] ?? this.iceConnectionState;
        },
      },
      onconnectionstatechange: {
        configurable: true,
        get() {
          return listeners.get(this) ?? null;
        },
        set(listener) {
          this.removeEventListener(CHANGE, listeners.get(this));
          listeners.set(this, listener);
          if (listener) this.addEventListener(CHANGE, listener);
        },
      },
    });
  }
}
