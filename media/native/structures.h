/* The structures that Python and the packet loop share; the Python classes of the same names say
   what the fields mean: media/transport/port.py, media/streams/, media/rooms/peer.py.

   Who may touch them: whoever holds the loop's lock (lock.h, thread.c says when each side does).
   What is a Python object is created, released and changed by Python alone; the loop only follows
   pointers to its own structures, which are checked for their type when they are set. */

#ifndef TELECONNECT_NATIVE_H
#define TELECONNECT_NATIVE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <structmember.h>

#include "history.h"
#include "lock.h"
#include "table.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    SLOT = 2048,     /* bytes reserved per datagram; same numbers in media/transport/batching.py */
    BATCH = 64,      /* datagrams read at a time */
    OUTGOING = 256,  /* datagrams that may be queued */
    SEGMENTS = 32,   /* datagrams in one segmented send */
    ADDRESS_SPACE = 28, /* bytes of the longest packed address */
    TRAILER = 20,    /* most bytes that SRTP adds */
    WIDEST = 68,     /* bytes of the longest extension block with its header */
    MOST_STRIPPED = 4, /* stretches of extensions blanked in one packet */
    MOST_KEPT = 2,     /* extensions that are forwarded to who accepted them */
    LONGEST_REPORT = 128, /* bytes of the report and the name before feedback */
    STAMP_SPACE = 32,  /* bytes of the ancillary message with the time of arrival */
    TRAIN = 1 << 16,   /* bytes of the datagrams that the kernel may hand over as one */
    SET_ASIDE = 512,   /* datagrams that may wait for Python, a port */
    SHARES = 1024,     /* counts of those that wait, by the participant they are of */
    REFUSALS = 256,    /* destinations that are remembered for refusing segmented sends */
    MOST_PORTS = 16,
    SO_TIMESTAMPNS_64 = 35,
    UDP_TRAIN = 104, /* UDP_GRO */
};

/* The ancillary message with the time at which the kernel received a datagram. */
struct stamp {
    size_t length;
    int level;
    int type;
    int64_t seconds, nanoseconds;
};

/* What the kernel says beside a datagram that the loop reads: that, and the size of those in a train. */
struct beside {
    struct stamp stamp;
    struct {
        size_t length;
        int level;
        int type;
        int size;
        int padding;
    } train;
};

struct control {
    size_t length;
    int level;
    int type;
    uint16_t size;
    uint8_t padding[6];
};

/* What is set aside; media/forwarding/packet_loop.py has the same numbers. */
enum {
    PROTECTED = 0, /* a datagram as it came */
    PLAIN = 1,     /* an RTP packet that is unprotected and charged already */
    GAP = 2,       /* no datagram: a struct gap that the loop has passed over */
};

struct gap {
    double at;
    uint32_t ssrc;
    uint16_t first, count; /* sequence numbers */
};

/* A datagram out of the ordinary, until Python takes it. */
struct aside {
    double arrived_at;
    uint16_t length;
    uint16_t share; /* of struct reader's waiting */
    uint8_t kind;
    uint8_t address[ADDRESS_SPACE];
    uint8_t octets[SLOT];
};

/* What the loop's thread reads into, and what it leaves to Python. */
struct reader {
    struct mmsghdr in[BATCH];
    struct iovec vectors[BATCH];
    struct beside beside[BATCH];
    uint8_t addresses[BATCH][ADDRESS_SPACE];
    uint8_t (*octets)[TRAIN]; /* BATCH of them, of which the system gives what is used */
    uint8_t aligned[SLOT];
    uint64_t put, taken; /* how many were set aside, and how many of them Python has taken */
    int hurries;         /* one of them cannot wait for Python's next tick */
    struct aside aside[SET_ASIDE];
    uint16_t waiting[SHARES + 1]; /* of them, by a hash of the participant; last, strangers' */
};

/* What the batched system calls need, allocated once per port. */
struct batch {
    struct mmsghdr *in;
    uint8_t *addresses, *incoming, *outgoing;
    int descriptor;
    size_t address_size;
    /* The queue: a chain of slots for each destination. */
    uint16_t lengths[OUTGOING];
    int16_t next[OUTGOING], firsts[OUTGOING];
    uint8_t to[OUTGOING][ADDRESS_SPACE];
    uint8_t to_sizes[OUTGOING];
    int destinations;
    struct mmsghdr out[OUTGOING];
    struct iovec out_vectors[OUTGOING];
    struct control controls[OUTGOING];
    int runs[OUTGOING];
    /* Until when no segmented send is tried, by a hash of the destination, and for the last of
       them; 0 while there is none. In seconds of a monotonic clock. */
    int64_t unsegmented_until[REFUSALS], refusals_until;
    struct reader *reader; /* NULL until a thread serves the port */
};

typedef struct {
    PyObject_HEAD
    int used;
    char segmentation;
    unsigned long long received, sent, refused, segmented;
    long long read_at;  /* by the machine's clock, in nanoseconds */
    uint64_t generation; /* counts how often the queue was emptied, from 1 */
    struct batch *batch;
    PyObject *owner; /* keeps the memory behind incoming and outgoing */
} Port;

typedef struct {
    PyObject_HEAD
    Port *port;
    uint64_t generation; /* of the port's queue when a datagram was last queued; 0 is never */
    int last;            /* the slot of that datagram */
    uint8_t address[ADDRESS_SPACE];
    uint8_t address_size;
} Destination;

typedef struct {
    PyObject_HEAD
    Destination *destination;
    unsigned long long session;
    unsigned int ssrc, sequence_offset, timestamp_offset;
    int picture_id_offset, tl0picidx_offset;
    char rewrites_descriptor;
    unsigned int declined; /* a bit for each extension that is not to be sent */
    unsigned long long packets, octets, payload_octets;
} OutboundStream;

typedef struct {
    PyObject_HEAD
    struct history kept;
} History;

/* A media.rtp.extension_layout.Layout whose positions have all been compared with its end. */
struct plan {
    char usable;
    uint16_t end, transport_sequence, send_time, audio_level;
    uint16_t stripped[MOST_STRIPPED], stripped_sizes[MOST_STRIPPED];
    int stripped_count;
    uint16_t kept[MOST_KEPT], kept_sizes[MOST_KEPT];
    uint8_t kept_ids[MOST_KEPT];
    int kept_count;
    uint8_t mask[WIDEST], match[WIDEST];
};

typedef struct {
    PyObject_HEAD
    PyObject *layout, *outbound_streams, *waiting; /* the tuples are never changed, but replaced */
    OutboundStream **followers;                    /* those of outbound_streams */
    Py_ssize_t follower_count, waiting_count;
    History *history;
    int next_sequence, payload_type, clock_rate;
    unsigned int timestamp;
    char keyframe_wanted;
    unsigned long long received, octets;
    double transit, jitter;
    double last_seen, began_at;
    struct plan plan;
    struct reader *behind_in; /* where its newest packet was set aside, or may have been */
    uint64_t behind;          /* what put was then: until as many are taken, others are behind it */
} InboundStream;

struct arrival {
    double at;
    int number;
};

/* Objects by key, as the loop finds them; beside a dict of the same content. */
typedef struct {
    PyObject_HEAD
    struct table entries;
} Routes;

typedef struct {
    PyObject_HEAD
    PyObject *inbound_streams; /* the mapping that Python uses */
    Routes *by_ssrc;           /* of inbound_streams, by four bytes */
    Destination *destination;
    unsigned long long session;
    double octets_left, octets_per_second, octets_at_once, refilled_at;
    unsigned long long received_octets, refused, over_limit, loudness, loudness_count;
    struct arrival *arrivals;
    size_t arrived, capacity;
    /* Transport-wide feedback, feedback.h. */
    unsigned long long feedback_session;
    unsigned int ssrc;
    int feedback_count, feedback_begun;
    unsigned feedback_next; /* the number that the next message begins with, once it has begun */
    double feedback_at;
    uint8_t feedback_report[LONGEST_REPORT];
    int feedback_report_size;
} Peer;

/* One worker's loop, with or without a thread of its own. */
typedef struct {
    PyObject_HEAD
    Routes *by_address; /* peers */
    PyObject *ports;    /* the tuple behind served */
    Port *served[MOST_PORTS];
    int port_count;
    struct lock lock;
    long long held_since; /* by Python, in nanoseconds of CLOCK_MONOTONIC */
    long long waited;     /* for the lock, before that */
    pthread_t thread;
    int running;
    int wake, stop;    /* event descriptors: something was set aside; the thread is to end */
    int woken;         /* wake was written and not read since */
    int failed;        /* an errno value: the thread ended by itself */
    unsigned long long handled, set_aside, dropped, strangers, batches, coupled, wakes;
} Loop;

extern PyTypeObject *port_type, *destination_type, *outbound_type, *inbound_type, *peer_type,
    *history_type, *routes_type, *loop_type;

static inline void *pointer(unsigned long long number)
{
    return (void *)(uintptr_t)number;
}

#endif
