/* The structures that Python and the packet loop share; the Python classes of the same names say
   what the fields mean: media/transport/port.py, media/streams/, media/rooms/peer.py. */

#ifndef TELECONNECT_NATIVE_H
#define TELECONNECT_NATIVE_H

#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <structmember.h>

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    SLOT = 2048,     /* bytes reserved per datagram; same numbers in media/transport/batching.py */
    BATCH = 64,      /* datagrams read at a time */
    OUTGOING = 256,  /* datagrams that may be queued */
    SEGMENTS = 32,   /* datagrams in one segmented send */
    ADDRESS_SPACE = 28, /* bytes of the longest packed address */
    TRAILER = 20,    /* most bytes that SRTP adds */
    WIDEST = 68,     /* bytes of the longest extension block with its header */
    MOST_STRIPPED = 4, /* stretches of extensions blanked in one packet */
    STAMP_SPACE = 32,  /* bytes of the ancillary message with the time of arrival */
};

/* The ancillary message with the time at which the kernel received a datagram. */
struct stamp {
    size_t length;
    int level;
    int type;
    int64_t seconds, nanoseconds;
};

struct control {
    size_t length;
    int level;
    int type;
    uint16_t size;
    uint8_t padding[6];
};

/* What the batched system calls need, allocated once per port. */
struct batch {
    struct mmsghdr *in;
    uint8_t *addresses, *incoming, *outgoing;
    int descriptor;
    size_t address_size;
    struct mmsghdr out[OUTGOING];
    struct iovec out_vectors[OUTGOING];
    struct control controls[OUTGOING];
    int runs[OUTGOING];
};

typedef struct {
    PyObject_HEAD
    PyObject *touched;
    int used;
    char segmentation;
    unsigned long long received, sent, refused, segmented;
    long long read_at; /* by the machine's clock, in nanoseconds */
    struct batch *batch;
    PyObject *owner; /* keeps the memory behind incoming and outgoing */
} Port;

typedef struct {
    PyObject_HEAD
    PyObject *port;
    PyObject *pending;
    unsigned long long address_pointer;
    unsigned int address_length;
} Destination;

typedef struct {
    PyObject_HEAD
    PyObject *destination;
    unsigned long long session;
    unsigned int ssrc, sequence_offset, timestamp_offset;
    int picture_id_offset, tl0picidx_offset;
    char rewrites_descriptor;
    unsigned long long packets, octets, payload_octets;
} OutboundStream;

/* A media.rtp.header_extensions.Layout whose positions have all been compared with its end. */
struct plan {
    char usable;
    uint16_t end, transport_sequence, send_time, audio_level;
    uint16_t stripped[MOST_STRIPPED], stripped_sizes[MOST_STRIPPED];
    int stripped_count;
    uint8_t mask[WIDEST], match[WIDEST];
};

typedef struct {
    PyObject_HEAD
    PyObject *layout, *history, *outbound_streams, *waiting;
    int next_sequence, payload_type, clock_rate;
    unsigned int timestamp;
    char keyframe_wanted;
    unsigned long long received, octets;
    double transit, jitter;
    PyObject *planned; /* the layout that the plan was made from */
    struct plan plan;
} InboundStream;

struct arrival {
    double at;
    int number;
};

typedef struct {
    PyObject_HEAD
    PyObject *inbound_streams;
    unsigned long long session;
    double octets_left;
    unsigned long long received_octets, refused, over_limit, loudness, loudness_count;
    struct arrival *arrivals;
    size_t arrived, capacity;
} Peer;

extern PyTypeObject *port_type, *destination_type, *outbound_type, *inbound_type, *peer_type;

int add_types(PyObject *module);
void note_arrival(Peer *peer, int number, double now);
void send_all(Port *port);

static inline void *pointer(unsigned long long number)
{
    return (void *)(uintptr_t)number;
}

#endif
