/* Transport-wide feedback: media/rtp/transport_cc.py. */

#ifndef TELECONNECT_FEEDBACK_H
#define TELECONNECT_FEEDBACK_H

#include "structures.h"

enum { MOST_STATUSES = 400, LONGEST_FEEDBACK = 24 + 4 * MOST_STATUSES };

/* The RTCP message on a peer's arrivals, if they are the packets from `first` on in order, without
   a gap; `first` below 0 stands for whatever came first. Returns its length, or 0. */
int write_feedback(const Peer *peer, int first, int count, uint32_t sender_ssrc,
                   uint32_t media_ssrc, uint8_t *message);

#endif
