/* What happens to one datagram. */

#ifndef TELECONNECT_FORWARD_H
#define TELECONNECT_FORWARD_H

#include "structures.h"

typedef int (*cipher)(void *session, void *packet, int *length);

/* libsrtp's srtp_protect, srtp_unprotect and srtp_protect_rtcp; set before the first datagram. */
extern cipher protect, unprotect, protect_rtcp;

/* A received datagram. Handling changes octets in place, and length and plain with them. */
struct datagram {
    uint8_t *octets;
    int length;
    int plain; /* unprotected and charged already */
    int may_skip; /* whether a gap before it may be passed over, to be told to Python */
    double now, arrived_at;
    const uint8_t *send_time; /* the absolute send time of now, three bytes */
    InboundStream *inbound;   /* its stream, once it is unprotected */
    unsigned gap_first, gap_count; /* the sequence numbers passed over, if any */
};

/* Handle it if it is an ordinary one; else returns 0, and Python must. */
int handle(Peer *peer, struct datagram *datagram);

Peer *find_peer(const Loop *loop, const uint8_t *address, size_t size);
void note_arrival(Peer *peer, int number, double at);

/* Seconds that a datagram waited to be read, or 0: media.transport.batching.BatchedSocket.age. */
double age(const struct msghdr *header, long long read_at);

/* Bytes of each datagram that the kernel handed over with this one, but for the last; `length` if it
   is alone. */
int train_size(const struct msghdr *header, int length);

/* The absolute send time of a moment: media.rtp.header_extensions.absolute_send_time. */
void write_send_time(double now, uint8_t *into);

#endif
