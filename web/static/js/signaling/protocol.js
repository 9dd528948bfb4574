/** Protocol version and close codes: the counterpart of those in signaling/wire/messages.py. */

/** WebSocket close codes by reason. */
export const CLOSE_CODES = Object.freeze({
  restart: 1012,
  gone: 4410,
  too_large: 1009,
  slow: 4008,
  replaced: 4001,
  sign_in_required: 4401,
  not_found: 4404,
  invalid_message: 4400,
  too_many_requests: 4429,
});

export const PROTOCOL_VERSION = 3;
