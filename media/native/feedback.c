/* The transport-wide feedback of the usual case: every packet arrived, in order. */

#include "feedback.h"

#include <math.h>
#include <string.h>

enum { REFERENCE_TICKS = 256, SMALL = 1, LARGE = 2, RUN_LIMIT = 0x1FFF };

#define TICK 0.00025

static uint8_t *write_number(uint8_t *at, uint32_t value, int octets)
{
    for (int i = 0; i < octets; i++)
        at[i] = (uint8_t)(value >> 8 * (octets - 1 - i));
    return at + octets;
}

static int is_complete(const Peer *peer, int first)
{
    if (peer->arrived == 0 || peer->arrived > MOST_STATUSES)
        return 0;
    for (size_t i = 0; i < peer->arrived; i++)
        if (peer->arrivals[i].number != (int)((unsigned)first + i))
            return 0;
    return 1;
}

/* media.rtp.transport_cc._chunks */
static uint8_t *write_chunks(uint8_t *at, const uint8_t *symbols, int total)
{
    for (int position = 0; position < total;) {
        int symbol = symbols[position], end = position + 1;
        while (end < total && symbols[end] == symbol && end - position < RUN_LIMIT)
            end++;
        if (end - position >= 7 || end == total) {
            at = write_number(at, (uint32_t)(symbol << 13 | (end - position)), 2);
            position = end;
            continue;
        }
        int window = total - position < 14 ? total - position : 14;
        uint32_t value = 0x8000;
        if (memchr(symbols + position, LARGE, (size_t)window) != NULL) {
            window = window < 7 ? window : 7;
            value = 0xC000;
            for (int i = 0; i < window; i++)
                value |= (uint32_t)symbols[position + i] << (12 - 2 * i);
        } else {
            for (int i = 0; i < window; i++)
                value |= (uint32_t)symbols[position + i] << (13 - i);
        }
        at = write_number(at, value, 2);
        position += window;
    }
    return at;
}

int write_feedback(const Peer *peer, int first, int count, uint32_t sender_ssrc,
                   uint32_t media_ssrc, uint8_t *message)
{
    uint8_t symbols[MOST_STATUSES], deltas[2 * MOST_STATUSES], *delta_end = deltas;
    if (first < 0 && peer->arrived > 0)
        first = peer->arrivals[0].number;
    if (!is_complete(peer, first))
        return 0;
    int total = (int)peer->arrived;
    double last = -1.0;
    long long reference = (long long)floor(rint(peer->arrivals[0].at / TICK) / REFERENCE_TICKS);
    long long previous = reference * REFERENCE_TICKS;
    for (int i = 0; i < total; i++) {
        double at = peer->arrivals[i].at;
        if (at == last) {
            symbols[i] = SMALL;
            *delta_end++ = 0;
            continue;
        }
        last = at;
        long long delta = (long long)rint(at / TICK) - previous;
        if (delta < -0x8000 || delta > 0x7FFF)
            return 0; /* Python makes two messages */
        previous += delta;
        symbols[i] = delta >= 0 && delta <= 0xFF ? SMALL : LARGE;
        delta_end = write_number(delta_end, (uint32_t)delta, symbols[i]);
    }
    uint8_t *at = write_number(message, 0x8F << 8 | 205, 2) + 2;
    at = write_number(at, sender_ssrc, 4);
    at = write_number(at, media_ssrc, 4);
    at = write_number(at, (uint32_t)first, 2);
    at = write_number(at, (uint32_t)total, 2);
    at = write_number(at, ((uint32_t)reference & 0xFFFFFF) << 8 | (uint32_t)(count & 0xFF), 4);
    at = write_chunks(at, symbols, total);
    memcpy(at, deltas, (size_t)(delta_end - deltas));
    at += delta_end - deltas;
    /* zeros as the draft draws them, not RTCP padding, which comes in words (RFC 3550 6.4.1) */
    int rest = -(int)(at - message) & 3;
    memset(at, 0, (size_t)rest);
    at += rest;
    write_number(message + 2, (uint32_t)((at - message) / 4 - 1), 2);
    return (int)(at - message);
}
