/* Transport-wide feedback, written and sent. */

#include "feedback.h"

#include "forward.h"
#include "send.h"
#include "thread.h"

#include <math.h>
#include <string.h>

enum { REFERENCE_TICKS = 256, MISSING = 0, SMALL = 1, LARGE = 2, RUN_LIMIT = 0x1FFF };

#define TICK 0.00025
/* 100 ms as the draft says, less half of the time between two looks (thread.c). */
#define INTERVAL 0.09
/* Seconds for which an arrival is kept back because of a packet that Python has not taken yet. */
#define PATIENCE 0.2

static uint8_t *write_number(uint8_t *at, uint32_t value, int octets)
{
    for (int i = 0; i < octets; i++)
        at[i] = (uint8_t)(value >> 8 * (octets - 1 - i));
    return at + octets;
}

/* Arrivals by offset from the number that comes next, both ends included. */
struct range {
    int first, last;
};

static int offset_of(int number, unsigned next)
{
    return (int)(((unsigned)number - next + 0x8000) & 0xFFFF) - 0x8000;
}

static struct range offsets(const Peer *peer)
{
    struct range range = {0, -0x8000};
    for (size_t i = 0; i < peer->arrived; i++) {
        int offset = offset_of(peer->arrivals[i].number, peer->feedback_next);
        range.first = offset < range.first ? offset : range.first;
        range.last = offset > range.last ? offset : range.last;
    }
    if (range.first < range.last - MOST_STATUSES + 1)
        range.first = range.last - MOST_STATUSES + 1;
    return range;
}

/* When each packet of a range arrived first; 0 if it did not. Later ones are duplicates. */
static void times_of(const Peer *peer, struct range range, double *times)
{
    memset(times, 0, (size_t)(range.last - range.first + 1) * sizeof *times);
    for (size_t i = 0; i < peer->arrived; i++) {
        int place = offset_of(peer->arrivals[i].number, peer->feedback_next) - range.first;
        if (place >= 0 && times[place] == 0)
            times[place] = peer->arrivals[i].at;
    }
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

/* media.rtp.transport_cc.build_feedback, of as many as one message can tell of: see _stretches there.
   Returns how many those are. */
static int write_statuses(const double *times, int total, uint8_t *symbols, uint8_t **delta_end,
                          uint32_t *reference)
{
    double last = -1.0;
    long long previous = -1;
    for (int i = 0; i < total; i++) {
        double at = times[i];
        if (at == 0 || at == last) {
            symbols[i] = at == 0 ? MISSING : SMALL;
            *delta_end = write_number(*delta_end, 0, symbols[i]);
            continue;
        }
        long long ticks = (long long)rint(at / TICK);
        if (last == -1.0) {
            *reference = (uint32_t)(long long)floor((double)ticks / REFERENCE_TICKS);
            previous = (long long)floor((double)ticks / REFERENCE_TICKS) * REFERENCE_TICKS;
        }
        long long delta = ticks - previous;
        if (delta < -0x8000 || delta > 0x7FFF)
            return i;
        last = at;
        previous = ticks;
        symbols[i] = delta >= 0 && delta <= 0xFF ? SMALL : LARGE;
        *delta_end = write_number(*delta_end, (uint32_t)delta, symbols[i]);
    }
    return total;
}

/* Forget the arrivals of the packets before `next`. */
static void forget_before(Peer *peer, unsigned next)
{
    size_t kept = 0;
    for (size_t i = 0; i < peer->arrived; i++)
        if (offset_of(peer->arrivals[i].number, next) >= 0)
            peer->arrivals[kept++] = peer->arrivals[i];
    peer->arrived = kept;
    peer->feedback_next = next;
}

/* media.rtp.transport_cc.ArrivalLog.feedback */
int take_feedback(Peer *peer, uint32_t sender_ssrc, uint32_t media_ssrc, uint8_t *message)
{
    double times[MOST_STATUSES];
    uint8_t symbols[MOST_STATUSES], deltas[2 * MOST_STATUSES], *delta_end = deltas;
    uint32_t reference = 0;
    if (peer->arrived == 0)
        return 0;
    if (!peer->feedback_begun)
        peer->feedback_next = (unsigned)peer->arrivals[0].number & 0xFFFF;
    peer->feedback_begun = 1;
    struct range range = offsets(peer);
    times_of(peer, range, times);
    unsigned first = (peer->feedback_next + (unsigned)range.first) & 0xFFFF;
    int total = write_statuses(times, range.last - range.first + 1, symbols, &delta_end, &reference);
    uint8_t *at = write_number(message, 0x8F << 8 | 205, 2) + 2;
    at = write_number(at, sender_ssrc, 4);
    at = write_number(at, media_ssrc, 4);
    at = write_number(at, first, 2);
    at = write_number(at, (uint32_t)total, 2);
    at = write_number(at, (reference & 0xFFFFFF) << 8 | (uint32_t)(peer->feedback_count++ & 0xFF), 4);
    at = write_chunks(at, symbols, total);
    memcpy(at, deltas, (size_t)(delta_end - deltas));
    at += delta_end - deltas;
    /* zeros as the draft draws them, not RTCP padding, which comes in words (RFC 3550 6.4.1) */
    int rest = -(int)(at - message) & 3;
    memset(at, 0, (size_t)rest);
    at += rest;
    write_number(message + 2, (uint32_t)((at - message) / 4 - 1), 2);
    forget_before(peer, (first + (unsigned)total) & 0xFFFF);
    if (range.first + total > range.last)
        peer->arrived = 0;
    return (int)(at - message);
}

/* The SSRC of any of its streams. */
static uint32_t media_ssrc(const Peer *peer)
{
    const struct table *streams = peer->by_ssrc != NULL ? &peer->by_ssrc->entries : NULL;
    for (size_t i = 0; streams != NULL && i < streams->capacity; i++)
        if (streams->entries[i].value != NULL) {
            const uint8_t *key = streams->entries[i].key;
            return (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];
        }
    return 0;
}

static void send_feedback(Peer *peer)
{
    Destination *to = peer->destination;
    if (to == NULL || to->port == NULL || to->port->batch == NULL)
        return;
    int slot = take_slot(to->port);
    uint8_t *out = to->port->batch->outgoing + (size_t)slot * SLOT;
    memcpy(out, peer->feedback_report, (size_t)peer->feedback_report_size);
    int size = peer->feedback_report_size;
    size += take_feedback(peer, peer->ssrc, media_ssrc(peer), out + size);
    if (protect_rtcp(pointer(peer->feedback_session), out, &size) == 0)
        push(to->port, slot, size, to);
    else
        peer->refused++;
}

/* Whether feedback on a peer's packets is due. A packet that waits for Python would be reported as
   missing, and those around it again with the next message. */
static int is_due(const Peer *peer, double now)
{
    if (now - peer->feedback_at < INTERVAL)
        return 0;
    const Port *port = peer->destination != NULL ? peer->destination->port : NULL;
    return port == NULL || now - peer->arrivals[0].at >= PATIENCE || !awaits_python(port, peer);
}

int send_due_feedback(Loop *loop, double now)
{
    const struct table *peers = &loop->by_address->entries;
    int more = 0;
    /* A peer with several addresses is met more than once, and has nothing to report again. */
    for (size_t i = 0; i < peers->capacity; i++) {
        Peer *peer = peers->entries[i].value;
        if (peer == NULL || peer->arrived == 0 || peer->feedback_session == 0)
            continue;
        if (!is_due(peer, now)) {
            more = 1;
            continue;
        }
        peer->feedback_at = now;
        send_feedback(peer);
    }
    return more;
}
