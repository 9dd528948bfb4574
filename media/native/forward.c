/* The packet loop of media/forwarding/packet_loop.py in C, for ordinary packets.

   It unprotects, accepts, rewrites, protects and queues. Anything out of the ordinary (a check, a
   new stream, a gap, a keyframe that a subscriber waits for) is left to Python, which handles that
   datagram alone. Nothing here calls Python, so it needs the loop's lock but not the interpreter's.
   Every position in a packet is compared with the packet's length before it is used.

   Packets of a stream keep their order: while one of them waits for Python, or may, as those before
   Python knew the stream, those that follow are left to Python too, behind it. A short gap is passed over, and Python is told of it before it gets
   anything later of that stream, so that it knows a late packet or a retransmission for the gap. */

#include "forward.h"

#include "send.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_PACKET = 1500,
    LEAST_CHARGE = 250,
    RED_PAYLOAD_TYPE = 63,
    VP8_PAYLOAD_TYPE = 96,
    H264_PAYLOAD_TYPE = 102,
    MOST_MISSING = 256,
    GAP_CHARGE = 16,
    MOST_ARRIVALS = 1 << 14, /* between two feedback messages; the excess goes unreported */
};

#define MOST_AGE 2.0

#define REFILL 0.1
#define SILENCE 1.0

cipher protect, unprotect, protect_rtcp;

static unsigned read16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t read32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void write32(uint8_t *at, uint32_t value)
{
    write16(at, value >> 16);
    write16(at + 2, value);
}

void write_send_time(double now, uint8_t *into)
{
    uint64_t number = (uint64_t)(now * (1 << 18));
    into[0] = (uint8_t)(number >> 16);
    write16(into + 1, (unsigned)number);
}

void note_arrival(Peer *peer, int number, double at)
{
    if (peer->arrived == peer->capacity) {
        size_t capacity = peer->capacity ? peer->capacity * 2 : 64;
        if (capacity > MOST_ARRIVALS)
            return;
        struct arrival *larger = realloc(peer->arrivals, capacity * sizeof *larger);
        if (larger == NULL)
            return;
        peer->arrivals = larger;
        peer->capacity = capacity;
    }
    peer->arrivals[peer->arrived].at = at;
    peer->arrivals[peer->arrived].number = number;
    peer->arrived++;
}

/* What the kernel says of that kind, of at least so many bytes; or NULL. */
static const void *said(const struct msghdr *header, int level, int type, size_t size)
{
    struct msghdr copy = *header;
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&copy); one != NULL; one = CMSG_NXTHDR(&copy, one))
        if (one->cmsg_level == level && one->cmsg_type == type && one->cmsg_len >= CMSG_LEN(size))
            return CMSG_DATA(one);
    return NULL;
}

double age(const struct msghdr *header, long long read_at)
{
    int64_t at[2];
    const void *stamp = said(header, SOL_SOCKET, SO_TIMESTAMPNS_64, sizeof at);
    if (stamp == NULL)
        return 0.0;
    memcpy(at, stamp, sizeof at);
    double seconds = (double)(read_at - (at[0] * 1000000000 + at[1])) / 1e9;
    return seconds >= 0.0 && seconds <= MOST_AGE ? seconds : 0.0;
}

int train_size(const struct msghdr *header, int length)
{
    int size = 0;
    const void *each = said(header, IPPROTO_UDP, UDP_TRAIN, sizeof size);
    if (each != NULL)
        memcpy(&size, each, sizeof size);
    return size > 0 && size < length ? size : length;
}

static int matches(const struct plan *plan, const uint8_t *packet, int length)
{
    if (!plan->usable || length < plan->end || (packet[0] & 0x1F) != 0x10)
        return 0;
    uint8_t different = 0;
    for (int i = 0; i < plan->end - 12; i++)
        different |= (uint8_t)((packet[12 + i] & plan->mask[i]) ^ plan->match[i]);
    return different == 0;
}

/* media.rtp.vp8.read_vp8: the descriptor's size, or 0; positions of its numbers, or 0. */
static int read_descriptor(const uint8_t *payload, int size, int *picture, int *level)
{
    int position = 1;
    *picture = *level = 0;
    if (size < 1)
        return 0;
    if (payload[0] & 0x80) {
        if (size < 2)
            return 0;
        position = 2;
        if (payload[1] & 0x80) {
            if (size < position + 2)
                return 0;
            *picture = position;
            position += payload[position] & 0x80 ? 2 : 1;
        }
        if (payload[1] & 0x40) {
            if (size <= position)
                return 0;
            *level = position++;
        }
        if (payload[1] & 0x30)
            position++;
    }
    return size < position ? 0 : position;
}

/* media.rtp.vp8.starts_keyframe */
static int vp8_keyframe(const uint8_t *payload, int size)
{
    int picture, level, end = read_descriptor(payload, size, &picture, &level);
    return end && (payload[0] & 0x1F) == 0x10 && size > end && !(payload[end] & 1);
}

/* media.rtp.h264._starts; `following` is the byte after the unit's header, if there is one. */
static int h264_unit_starts(uint8_t unit, const uint8_t *following, const uint8_t *end)
{
    return (unit & 0x1F) == 7 || ((unit & 0x1F) == 5 && following < end && (*following & 0x80));
}

/* media.rtp.h264.starts_keyframe */
static int h264_keyframe(const uint8_t *payload, int size)
{
    const uint8_t *end = payload + size;
    if (size < 2)
        return 0;
    if ((payload[0] & 0x1F) == 24) {
        for (int at = 1; at + 2 < size; at += 2 + (int)read16(payload + at))
            if (h264_unit_starts(payload[at + 2], payload + at + 3, end))
                return 1;
        return 0;
    }
    if ((payload[0] & 0x1F) == 28)
        return (payload[1] & 0x80) && h264_unit_starts(payload[1], payload + 2, end);
    return h264_unit_starts(payload[0], payload + 1, end);
}

/* Whether Python has to look if a subscriber that waits can begin with this packet. */
static int may_begin(const InboundStream *inbound, int payload_type, const uint8_t *payload,
                     int size)
{
    if (!inbound->keyframe_wanted && !inbound->waiting_count)
        return 0;
    if (inbound->history != NULL && payload_type == VP8_PAYLOAD_TYPE)
        return vp8_keyframe(payload, size);
    if (inbound->history != NULL && payload_type == H264_PAYLOAD_TYPE)
        return h264_keyframe(payload, size);
    return 1;
}

/* media.rtp.vp8.rewrite_descriptor */
static void rewrite_descriptor(uint8_t *payload, int size, int picture_id_offset,
                               int tl0picidx_offset)
{
    int picture, level;
    if (!read_descriptor(payload, size, &picture, &level))
        return;
    if (picture && payload[picture] & 0x80) {
        unsigned value = read16(payload + picture) + (unsigned)picture_id_offset;
        write16(payload + picture, (value & 0x7FFF) | 0x8000);
    } else if (picture) {
        payload[picture] = (uint8_t)((payload[picture] + (unsigned)picture_id_offset) & 0x7F);
    }
    if (level)
        payload[level] = (uint8_t)(payload[level] + (unsigned)tl0picidx_offset);
}

static void forward_to(Peer *peer, OutboundStream *outbound, const uint8_t *packet, int length,
                       const struct plan *plan, unsigned sequence, uint32_t timestamp)
{
    int end = plan->end;
    Destination *to = outbound->destination;
    if (to == NULL || to->port == NULL || to->port->batch == NULL)
        return;
    Port *port = to->port;
    int slot = take_slot(port);
    uint8_t *out = port->batch->outgoing + (size_t)slot * SLOT;
    memcpy(out, packet, (size_t)length);
    write16(out + 2, sequence + outbound->sequence_offset);
    write32(out + 4, timestamp + outbound->timestamp_offset);
    write32(out + 8, outbound->ssrc);
    if (outbound->rewrites_descriptor)
        rewrite_descriptor(out + end, length - end, outbound->picture_id_offset,
                           outbound->tl0picidx_offset);
    for (int i = 0; i < plan->kept_count; i++)
        if (outbound->declined >> plan->kept_ids[i] & 1)
            memset(out + plan->kept[i], 0, plan->kept_sizes[i]);
    int size = length, padding = packet[0] & 0x20 ? packet[length - 1] : 0;
    if (outbound->session == 0 || protect(pointer(outbound->session), out, &size) != 0) {
        peer->refused++;
        return;
    }
    outbound->packets++;
    outbound->octets += (unsigned)length;
    outbound->payload_octets += length > end + padding ? (unsigned)(length - end - padding) : 0;
    push(port, slot, size, to);
}

static void note_timing(InboundStream *inbound, uint32_t timestamp, double arrived_at)
{
    double transit = arrived_at * inbound->clock_rate - timestamp;
    if (inbound->received > 1) {
        double change = transit - inbound->transit;
        change = change < 0 ? -change : change;
        /* A wrapped or restarted timestamp is no jitter. */
        if (change < 10.0 * inbound->clock_rate)
            inbound->jitter += (change - inbound->jitter) / 16;
    }
    inbound->transit = transit;
    inbound->timestamp = timestamp;
}

/* media.streams.inbound.InboundStream.note_activity */
static void note_activity(InboundStream *inbound, double now)
{
    if (now - inbound->last_seen > SILENCE)
        inbound->began_at = now;
    inbound->last_seen = now;
}

/* media.rooms.peer.Peer.refill */
static void refill(Peer *peer, double now)
{
    double seconds = now - peer->refilled_at;
    if (seconds < REFILL)
        return;
    double octets = peer->octets_left + peer->octets_per_second * seconds;
    peer->octets_left = octets < peer->octets_at_once ? octets : peer->octets_at_once;
    peer->refilled_at = now;
}

/* Forward an unprotected packet, or return 0 and leave everything as it was. */
static int forward_packet(Peer *peer, InboundStream *inbound, struct datagram *datagram)
{
    uint8_t *packet = datagram->octets;
    int length = datagram->length;
    unsigned sequence = read16(packet + 2);
    int payload_type = packet[1] & 0x7F;
    const struct plan *plan = &inbound->plan;
    if (!matches(plan, packet, length) || payload_type != inbound->payload_type ||
        payload_type == RED_PAYLOAD_TYPE || inbound->next_sequence < 0 ||
        may_begin(inbound, payload_type, packet + plan->end, length - plan->end))
        return 0;
    unsigned ahead = (sequence - (unsigned)inbound->next_sequence) & 0xFFFF;
    if (ahead > (datagram->may_skip ? MOST_MISSING : 0))
        return 0;
    if (ahead) {
        datagram->gap_first = (unsigned)inbound->next_sequence;
        datagram->gap_count = ahead;
        peer->octets_left -= GAP_CHARGE * (int)ahead;
    }
    if (plan->transport_sequence)
        note_arrival(peer, (int)read16(packet + plan->transport_sequence), datagram->arrived_at);
    inbound->next_sequence = (int)((sequence + 1) & 0xFFFF);
    inbound->received++;
    inbound->octets += (unsigned)length;
    note_activity(inbound, datagram->now);
    if (plan->audio_level) {
        peer->loudness += 127u - (packet[plan->audio_level] & 0x7Fu);
        peer->loudness_count++;
    }
    uint32_t timestamp = read32(packet + 4);
    if (timestamp != inbound->timestamp)
        note_timing(inbound, timestamp, datagram->arrived_at);
    for (int i = 0; i < plan->stripped_count; i++)
        memset(packet + plan->stripped[i], 0, plan->stripped_sizes[i]);
    if (plan->send_time)
        memcpy(packet + plan->send_time, datagram->send_time, 3);
    if (inbound->history != NULL)
        history_store(&inbound->history->kept, sequence, packet, length);
    for (Py_ssize_t i = 0; i < inbound->follower_count; i++)
        forward_to(peer, inbound->followers[i], packet, length, plan, sequence, timestamp);
    return 1;
}

Peer *find_peer(const Loop *loop, const uint8_t *address, size_t size)
{
    return loop->by_address ? table_find(&loop->by_address->entries, address, size) : NULL;
}

int handle(Peer *peer, struct datagram *datagram)
{
    uint8_t *packet = datagram->octets;
    int length = datagram->length;
    if (peer == NULL || length < 2 || packet[0] < 128 || packet[0] > 191 ||
        (packet[1] >= 192 && packet[1] < 224))
        return 0;
    if (peer->session == 0 || length > LONGEST_PACKET)
        return 1;
    InboundStream *inbound = NULL;
    if (length >= 12 && peer->by_ssrc != NULL)
        inbound = table_find(&peer->by_ssrc->entries, packet + 8, 4);
    if (inbound == NULL)
        return 0;
    if (unprotect(pointer(peer->session), packet, &length) != 0 || length < 12) {
        peer->refused++;
        return 1;
    }
    datagram->length = length;
    datagram->plain = 1;
    datagram->inbound = inbound;
    refill(peer, datagram->now);
    peer->octets_left -= length > LEAST_CHARGE ? length : LEAST_CHARGE;
    if (peer->octets_left < 0) {
        peer->over_limit++;
        return 1;
    }
    peer->received_octets += (unsigned)length;
    if (inbound->behind_in != NULL && inbound->behind > inbound->behind_in->taken)
        return 0;
    return forward_packet(peer, inbound, datagram);
}
