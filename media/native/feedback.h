/* Transport-wide feedback: media/rtp/transport_cc.py. */

#ifndef TELECONNECT_FEEDBACK_H
#define TELECONNECT_FEEDBACK_H

#include "structures.h"

enum { MOST_STATUSES = 400, LONGEST_FEEDBACK = 24 + 4 * MOST_STATUSES };

/* The RTCP message on a peer's arrivals since the last one, which are forgotten: all, unless their
   times are too far apart for one message. Returns its length; 0 if there were none. */
int take_feedback(Peer *peer, uint32_t sender_ssrc, uint32_t media_ssrc, uint8_t *message);

/* Send feedback to all peers with a feedback session to which it is due. Returns whether there is
   more to report later. */
int send_due_feedback(Loop *loop, double now);

#endif
