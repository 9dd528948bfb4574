/**
 * Whether this browser has what a call takes. Some do without it in a mode of higher security, and
 * the browsers inside of messaging apps often do.
 */
export function canCall() {
  return "RTCPeerConnection" in globalThis && Boolean(navigator.mediaDevices?.getUserMedia);
}
