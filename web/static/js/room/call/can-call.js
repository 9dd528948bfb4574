/**
 * Whether this browser supports calls. Lockdown modes and the browsers inside messaging apps often
 * do not.
 */
export function canCall() {
  return "RTCPeerConnection" in globalThis && Boolean(navigator.mediaDevices?.getUserMedia);
}
