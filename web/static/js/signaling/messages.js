/**
 * The messages of the signaling protocol as types: the counterpart of client_messages.py and messages.py in
 * signaling/wire, where they are explained; a test compares them. Members with a default may be absent on
 * the wire. No browser loads this file.
 */

/** @typedef {import("./values.js").ResumePoint} ResumePoint */
/** @typedef {import("./values.js").Description} Description */
/** @typedef {import("./values.js").CandidateInit} CandidateInit */
/** @typedef {import("./values.js").MediaState} MediaState */
/** @typedef {import("./values.js").Participant} Participant */
/** @typedef {import("./values.js").Attachment} Attachment */
/** @typedef {import("./values.js").ChatLine} ChatLine */
/** @typedef {import("./values.js").PhotoRequest} PhotoRequest */
/** @typedef {import("./values.js").CallMember} CallMember */
/** @typedef {import("./values.js").CallView} CallView */
/** @typedef {import("./values.js").RelayTrack} RelayTrack */
/** @typedef {import("./values.js").ConsultationView} ConsultationView */
/** @typedef {import("./values.js").IceServer} IceServer */
/** @typedef {import("./values.js").UnreadEntry} UnreadEntry */
/** @typedef {import("./values.js").WaitingEntry} WaitingEntry */

/**
 * @typedef {object} Hello
 * @property {"hello"} type
 * @property {number} version
 * @property {"room" | "lobby"} stream
 * @property {string} peer_id
 * @property {string | null} [consultation_id]
 * @property {string | null} [invite_id]
 * @property {ResumePoint | null} [resume]
 * @property {boolean} [calls]
 * @property {string | null} [ticket]
 * @property {number | null} [seated_at]
 */

/**
 * @typedef {object} Ping
 * @property {"ping"} type
 */

/**
 * @typedef {object} Active
 * @property {"active"} type
 */

/**
 * @typedef {object} ChatSend
 * @property {"chat_send"} type
 * @property {string} id
 * @property {string} text
 */

/**
 * @typedef {object} Seen
 * @property {"seen"} type
 * @property {number} position
 */

/**
 * @typedef {object} ReadChat
 * @property {"read_chat"} type
 * @property {string} id
 * @property {number | null} [before]
 * @property {number | null} [after]
 */

/**
 * @typedef {object} TurnPhoto
 * @property {"turn_photo"} type
 * @property {string} id
 * @property {string} line_id
 * @property {number} turned
 */

/**
 * @typedef {object} AskPhoto
 * @property {"ask_photo"} type
 * @property {string} id
 * @property {string} participant_id
 */

/**
 * @typedef {object} AnswerPhoto
 * @property {"answer_photo"} type
 * @property {string} id
 * @property {string} request_id
 * @property {"declined" | "failed"} answer
 */

/**
 * @typedef {object} StartConsultation
 * @property {"start_consultation"} type
 * @property {string} id
 */

/**
 * @typedef {object} TerminateConsultation
 * @property {"terminate_consultation"} type
 * @property {string} id
 * @property {"close" | "keep_open"} choice
 */

/**
 * @typedef {object} ResumeConsultation
 * @property {"resume_consultation"} type
 * @property {string} id
 */

/**
 * @typedef {object} CallStart
 * @property {"call_start"} type
 * @property {string} id
 * @property {"audio" | "video"} media
 */

/**
 * @typedef {object} CallAccept
 * @property {"call_accept"} type
 * @property {string} id
 * @property {string} call_id
 */

/**
 * @typedef {object} CallDecline
 * @property {"call_decline"} type
 * @property {string} id
 * @property {string} call_id
 */

/**
 * @typedef {object} CallLeave
 * @property {"call_leave"} type
 * @property {string} id
 * @property {string} call_id
 */

/**
 * @typedef {object} SendDescription
 * @property {"send_description"} type
 * @property {string} to
 * @property {Description} description
 */

/**
 * @typedef {object} SendCandidate
 * @property {"send_candidate"} type
 * @property {string} to
 * @property {CandidateInit} candidate
 */

/**
 * @typedef {object} RelayAnswer
 * @property {"relay_answer"} type
 * @property {number} revision
 * @property {string} sdp
 */

/**
 * @typedef {object} PathReady
 * @property {"path_ready"} type
 * @property {"mesh" | "forwarded"} topology
 * @property {string[]} peers
 */

/**
 * @typedef {object} PathFailed
 * @property {"path_failed"} type
 * @property {string | null} [to]
 */

/**
 * @typedef {object} TileShown
 * @property {"tile_shown"} type
 * @property {string} peer_id
 * @property {"video" | "screen"} kind
 * @property {number | null} height
 */

/**
 * @typedef {object} SetMedia
 * @property {"set_media"} type
 * @property {MediaState} media
 */

/**
 * @typedef {object} SetQuality
 * @property {"set_quality"} type
 * @property {"good" | "fair" | "poor"} quality
 */

/**
 * @typedef {object} Welcome
 * @property {"welcome"} type
 * @property {number} version
 * @property {number} server_time
 * @property {string} participant_id
 * @property {string} peer_id
 * @property {string} epoch
 * @property {boolean} resumed
 * @property {IceServer[]} ice_servers
 * @property {"auto" | "relay"} media_policy
 * @property {number} [seated_at]
 */

/**
 * @typedef {object} Snapshot
 * @property {"snapshot"} type
 * @property {number} seq
 * @property {ConsultationView} consultation
 * @property {Participant[]} participants
 * @property {ChatLine[]} chat
 * @property {Record<string, number>} seen
 * @property {CallView | null} [call]
 * @property {PhotoRequest | null} [photo_request]
 */

/**
 * @typedef {object} ConsultationChanged
 * @property {"consultation_changed"} type
 * @property {number} seq
 * @property {ConsultationView} consultation
 */

/**
 * @typedef {object} ParticipantChanged
 * @property {"participant_changed"} type
 * @property {number} seq
 * @property {Participant} participant
 */

/**
 * @typedef {object} ParticipantRemoved
 * @property {"participant_removed"} type
 * @property {number} seq
 * @property {string} participant_id
 */

/**
 * @typedef {object} ChatAdded
 * @property {"chat_added"} type
 * @property {number} seq
 * @property {ChatLine} message
 */

/**
 * @typedef {object} ChatPage
 * @property {"chat_page"} type
 * @property {string} id
 * @property {ChatLine[]} chat
 */

/**
 * @typedef {object} SeenChanged
 * @property {"seen_changed"} type
 * @property {number} seq
 * @property {string} participant_id
 * @property {number} position
 */

/**
 * @typedef {object} PhotoTurned
 * @property {"photo_turned"} type
 * @property {number} seq
 * @property {string} line_id
 * @property {number} turned
 */

/**
 * @typedef {object} PhotoRequestChanged
 * @property {"photo_request_changed"} type
 * @property {number} seq
 * @property {PhotoRequest | null} [photo_request]
 */

/**
 * @typedef {object} CallChanged
 * @property {"call_changed"} type
 * @property {number} seq
 * @property {CallView} call
 */

/**
 * @typedef {object} Ack
 * @property {"ack"} type
 * @property {string} id
 * @property {number | null} [position]
 * @property {boolean} [nearly_full]
 */

/**
 * @typedef {object} Refusal
 * @property {"error"} type
 * @property {string} code
 * @property {string} text
 * @property {string | null} [id]
 */

/**
 * @typedef {object} Pong
 * @property {"pong"} type
 */

/**
 * @typedef {object} ReceiveDescription
 * @property {"description"} type
 * @property {string} sender
 * @property {Description} description
 */

/**
 * @typedef {object} ReceiveCandidate
 * @property {"candidate"} type
 * @property {string} sender
 * @property {CandidateInit} candidate
 */

/**
 * @typedef {object} RelayOffer
 * @property {"relay_offer"} type
 * @property {number} revision
 * @property {boolean} fresh
 * @property {string} sdp
 * @property {RelayTrack[]} tracks
 */

/**
 * @typedef {object} ActiveSpeaker
 * @property {"speaking"} type
 * @property {string | null} [peer_id]
 */

/**
 * @typedef {object} VideoPaused
 * @property {"picture_paused"} type
 * @property {string} peer_id
 * @property {"audio" | "video" | "screen"} kind
 * @property {boolean} paused
 */

/**
 * @typedef {object} CallLost
 * @property {"call_lost"} type
 * @property {string} call_id
 */

/**
 * @typedef {object} Replaced
 * @property {"replaced"} type
 */

/**
 * @typedef {object} Goodbye
 * @property {"goodbye"} type
 * @property {"restart" | "gone" | "slow"} reason
 */

/**
 * @typedef {object} Lobby
 * @property {"lobby"} type
 * @property {WaitingEntry[]} waiting
 * @property {UnreadEntry[]} [unread]
 */

/**
 * @typedef {object} SignInEnds
 * @property {"sign_in_ends"} type
 * @property {number} at
 * @property {number} left
 */

/**
 * @typedef {object} ListChanged
 * @property {"list_changed"} type
 */

/** @typedef {Hello | Ping | Active | ChatSend | Seen | ReadChat | TurnPhoto | AskPhoto | AnswerPhoto | StartConsultation | TerminateConsultation | ResumeConsultation | CallStart | CallAccept | CallDecline | CallLeave | SendDescription | SendCandidate | RelayAnswer | PathReady | PathFailed | TileShown | SetMedia | SetQuality} ClientMessage */
/** @typedef {Welcome | Snapshot | ConsultationChanged | ParticipantChanged | ParticipantRemoved | ChatAdded | SeenChanged | PhotoTurned | PhotoRequestChanged | CallChanged | Ack | ChatPage | Refusal | Pong | ReceiveDescription | ReceiveCandidate | RelayOffer | ActiveSpeaker | VideoPaused | CallLost | Replaced | Goodbye | Lobby | SignInEnds | ListChanged} ServerMessage */
/** @typedef {ConsultationChanged | ParticipantChanged | ParticipantRemoved | ChatAdded | SeenChanged | PhotoTurned | PhotoRequestChanged | CallChanged} RoomEvent */

export {};
