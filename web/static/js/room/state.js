/** The state of the room: pure functions from a state and a message to the next state. */

import { shownName } from "../shared/labels.js";
import { withLine, withNewest } from "./chat-history.js";

/**
 * @import { ServerMessage } from "../signaling/messages.js"
 * @import { CallMember, CallView, ChatLine, ConsultationView, Participant, PhotoRequest, ResumePoint } from "../signaling/values.js"
 */

/**
 * @typedef {object} Room
 * @property {string} me participant id
 * @property {string} epoch
 * @property {number} seq of the last event; -1 before the first snapshot
 * @property {ConsultationView | null} consultation
 * @property {Participant[]} participants
 * @property {ChatLine[]} chat the part that is held, see `chat-history.js`
 * @property {number} last position of the newest chat line
 * @property {Record<string, number>} seen participant id -> position
 * @property {CallView | null} call null if there is none or it has ended
 * @property {PhotoRequest | null} photoRequest who is asked for a photo
 */

/** @type {Room} */
export const EMPTY = Object.freeze({
  me: "",
  epoch: "",
  seq: -1,
  consultation: null,
  participants: [],
  chat: [],
  last: 0,
  seen: {},
  call: null,
  photoRequest: null,
});

/**
 * The room after a message. With `gap`, events are missing and a snapshot is needed; the room is
 * unchanged.
 * @param {Room} room
 * @param {ServerMessage} message
 * @returns {{ room: Room, gap: boolean }}
 */
export function after(room, message) {
  if (message.type === "welcome") {
    // Another epoch numbers its events anew: only a snapshot can continue from here.
    const seq = message.resumed ? room.seq : -1;
    return done({ ...room, me: message.participant_id, epoch: message.epoch, seq });
  }
  if (message.type === "snapshot") {
    return done({
      ...withNewest(room, message.chat),
      seq: message.seq,
      consultation: message.consultation,
      participants: message.participants,
      seen: message.seen,
      call: current(message.call ?? null),
      photoRequest: message.photo_request ?? null,
    });
  }
  if (!("seq" in message)) return done(room);
  if (message.seq <= room.seq) return done(room);
  if (room.seq < 0 || message.seq !== room.seq + 1) return { room, gap: true };
  return done({ ...room, ...change(room, message), seq: message.seq });
}

/**
 * Where to resume after a reconnect; null asks for a snapshot.
 * @param {Room} room
 * @returns {ResumePoint | null}
 */
export function resumePoint(room) {
  return room.epoch && room.seq >= 0 ? { epoch: room.epoch, seq: room.seq } : null;
}

/** @param {Room} room */
function done(room) {
  return { room, gap: false };
}

/**
 * @param {Room} room
 * @param {import("../signaling/messages.js").RoomEvent} event
 * @returns {Partial<Room>}
 */
function change(room, event) {
  switch (event.type) {
    case "consultation_changed":
      return { consultation: event.consultation };
    case "participant_changed":
      return { participants: withParticipant(room.participants, event.participant) };
    case "participant_removed":
      return {
        participants: room.participants.filter(
          (participant) => participant.participant_id !== event.participant_id,
        ),
      };
    case "chat_added":
      return withLine(room, event.message);
    case "seen_changed":
      return { seen: { ...room.seen, [event.participant_id]: event.position } };
    case "photo_turned":
      return { chat: room.chat.map((line) => turned(line, event.line_id, event.turned)) };
    case "photo_request_changed":
      return { photoRequest: event.photo_request ?? null };
    case "call_changed":
      return { call: current(event.call) };
  }
}

/**
 * @param {Participant[]} participants
 * @param {Participant} changed
 */
function withParticipant(participants, changed) {
  const isKnown = participants.some(
    ({ participant_id }) => participant_id === changed.participant_id,
  );
  if (!isKnown) return [...participants, changed];
  return participants.map((known) =>
    known.participant_id === changed.participant_id ? changed : known,
  );
}

/**
 * @param {ChatLine} line
 * @param {string} id of the line with the photo
 * @param {number} quarters
 * @returns {ChatLine}
 */
function turned(line, id, quarters) {
  if (line.id !== id || !line.attachment) return line;
  return { ...line, attachment: { ...line.attachment, turned: quarters } };
}

/** @param {CallView | null} call */
function current(call) {
  return call && (call.state === "ringing" || call.state === "ongoing") ? call : null;
}

// --- selectors ---------------------------------------------------------------

/**
 * @param {Room} room
 * @returns {Participant | undefined}
 */
export function myself(room) {
  return room.participants.find((participant) => participant.participant_id === room.me);
}

/**
 * @param {Room} room
 * @returns {"away" | "here" | "busy"} presence of
 *   everybody else for a scheduler, of the scheduler for everybody else
 */
export function otherSide(room) {
  const scheduler = myself(room)?.role === "scheduler";
  const there = room.participants.some(
    (participant) =>
      participant.online &&
      participant.participant_id !== room.me &&
      (participant.role === "scheduler") !== scheduler,
  );
  if (!scheduler && !there && room.consultation?.scheduler_busy) return "busy";
  return there ? "here" : "away";
}

/**
 * The member of staff whom everybody else waits for, or who is there for them.
 * @param {Room} room
 * @returns {Participant | undefined}
 */
export function hostOf(room) {
  const staff = room.participants.filter(({ role, former }) => role === "scheduler" && !former);
  return staff.find(({ online }) => online) ?? staff[0];
}

/**
 * Who is online with a browser that does not support calls.
 * @param {Room} room
 * @returns {{ people: Participant[], all: boolean }} all: nobody else is online
 */
export function uncallable(room) {
  const others = room.participants.filter(
    (participant) => participant.online && participant.participant_id !== room.me,
  );
  const people = others.filter(({ calls }) => calls === false);
  return { people, all: people.length > 0 && people.length === others.length };
}

/**
 * @param {Room} room
 * @param {string} participantId
 * @returns {string}
 */
export function nameOf(room, participantId) {
  const found = room.participants.find(({ participant_id }) => participant_id === participantId);
  return found ? shownName(found) : "";
}

/**
 * Whether the page says what an event line says in another place as well, aloud: nothing is to be
 * read twice.
 * @param {Room} room
 * @param {ChatLine} line
 */
export function isSaidElsewhere(room, { kind, participant_id }) {
  if (kind === "call_declined" || kind === "call_missed") return true;
  const staff = room.participants.filter(({ role }) => role === "scheduler");
  const isAboutStaff = staff.some((person) => person.participant_id === participant_id);
  const isStaff = staff.some((person) => person.participant_id === room.me);
  return (kind === "joined" || kind === "left") && (isStaff || isAboutStaff);
}

/**
 * The delivery state of one of this page's own chat lines.
 * @param {Room} room
 * @param {ChatLine} line
 * @returns {"sent" | "seen"}
 */
export function deliveryOf(room, line) {
  const seen = Object.entries(room.seen).some(
    ([participantId, position]) => participantId !== room.me && position >= line.position,
  );
  return seen ? "seen" : "sent";
}

/**
 * @param {Room} room
 * @returns {CallMember | undefined}
 */
export function myMember(room) {
  return room.call?.members.find((member) => member.participant_id === room.me);
}

/**
 * This page's part in the call; `elsewhere`: an earlier page of this participant is in it.
 * @param {Room} room
 * @param {string} peerId of this page
 * @returns {"none" | "incoming" | "joined" | "elsewhere" | "joinable"}
 */
export function callPhase(room, peerId) {
  if (!room.call) return "none";
  const member = myMember(room);
  if (member?.state === "ringing") return "incoming";
  if (member?.state !== "joined") return "joinable";
  return member.peer_id === peerId ? "joined" : "elsewhere";
}
