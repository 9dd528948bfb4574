/* The newest packets of a stream, for retransmission: media/streams/history.py. */

#ifndef TELECONNECT_HISTORY_H
#define TELECONNECT_HISTORY_H

#include <stdint.h>

enum { HISTORY = 256 }; /* a power of two */

struct kept {
    uint8_t *octets;
    uint16_t length, space; /* no packet has length 0 */
};

struct history {
    struct kept packets[HISTORY];
};

void history_store(struct history *history, unsigned sequence, const uint8_t *packet, int length);

/* The packet of that sequence number, or NULL. */
const struct kept *history_find(const struct history *history, unsigned sequence);
void history_forget(struct history *history, unsigned sequence);
void history_clear(struct history *history);

#endif
