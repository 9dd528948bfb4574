/**
 * Values inside the messages of the signaling protocol as types: the counterpart of
 * signaling/wire/values.py, see `messages.js`. No browser loads this file.
 */

/**
 * @typedef {object} ResumePoint
 * @property {string} epoch
 * @property {number} seq
 */

/**
 * @typedef {object} Description
 * @property {"offer" | "answer" | "pranswer" | "rollback" | "needed" | "restart"} kind
 * @property {string} [sdp]
 * @property {number | null} [revision]
 */

/**
 * @typedef {object} CandidateInit
 * @property {string} candidate
 * @property {string | null} [sdp_mid]
 * @property {number | null} [sdp_m_line_index]
 * @property {string | null} [username_fragment]
 */

/**
 * @typedef {object} MediaState
 * @property {boolean} microphone
 * @property {boolean} camera
 * @property {boolean} [screen]
 * @property {boolean} [asking]
 * @property {boolean} [paused]
 * @property {boolean} [saving]
 */

/**
 * @typedef {object} Participant
 * @property {string} participant_id
 * @property {"scheduler" | "service_user" | "companion" | "colleague" | "interpreter"} role
 * @property {string} name
 * @property {boolean} online
 * @property {boolean} [present]
 * @property {boolean} [calls]
 * @property {boolean} [former]
 */

/**
 * @typedef {object} Attachment
 * @property {string} name
 * @property {number} size
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [turned]
 * @property {number} [pages]
 * @property {("contains_files" | "needs_acrobat" | "no_preview" | "lost")[]} [notes]
 */

/**
 * @typedef {object} ChatLine
 * @property {string} id
 * @property {number} position
 * @property {string} participant_id
 * @property {string} kind
 * @property {string} text
 * @property {number} sent_at
 * @property {Attachment | null} [attachment]
 */

/**
 * @typedef {object} PhotoRequest
 * @property {string} request_id
 * @property {string} participant_id
 * @property {string} asked_by
 * @property {number} asked_at
 */

/**
 * @typedef {object} CallMember
 * @property {string} participant_id
 * @property {"ringing" | "joined" | "declined" | "left"} state
 * @property {string | null} [peer_id]
 * @property {boolean} [reconnecting]
 * @property {MediaState | null} [media]
 * @property {"good" | "fair" | "poor" | null} [quality]
 */

/**
 * @typedef {object} CallView
 * @property {string} call_id
 * @property {"audio" | "video"} media
 * @property {"ringing" | "ongoing" | "ended" | "missed" | "refused"} state
 * @property {string} started_by
 * @property {number} started_at
 * @property {"mesh" | "forwarded"} topology
 * @property {CallMember[]} members
 * @property {number | null} [answered_at]
 * @property {"mesh" | "forwarded" | null} [moving_to]
 */

/**
 * @typedef {object} RelayTrack
 * @property {string} mid
 * @property {"audio" | "video" | "screen"} kind
 * @property {"publish" | "subscribe"} direction
 * @property {string} peer_id
 */

/**
 * @typedef {object} ConsultationView
 * @property {string} consultation_id
 * @property {string} state
 * @property {"remote" | "in_person"} kind
 * @property {number | null} [planned_at]
 * @property {number | null} [started_at]
 * @property {number | null} [closed_at]
 * @property {boolean} [scheduler_busy]
 */

/**
 * @typedef {object} IceServer
 * @property {string[]} urls
 * @property {string | null} [username]
 * @property {string | null} [credential]
 */

/**
 * @typedef {object} UnreadEntry
 * @property {string} consultation_id
 * @property {string} name
 * @property {number} count
 * @property {number} since
 */

/**
 * @typedef {object} WaitingEntry
 * @property {string} consultation_id
 * @property {string} name
 * @property {string} language
 * @property {number} waiting_since
 * @property {string} state
 * @property {"ready" | "ready_with_limits" | "not_ready" | "not_tested"} [readiness]
 * @property {string} [whose] name of the scheduler of that session, for whoever is not
 * @property {boolean} [asks_for_phone_call]
 * @property {Participant["role"] | null} [role] of somebody who has no name
 */

export {};
