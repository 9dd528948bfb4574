/* The thread that takes the ordinary packets of a worker from the poll to the send.

   Two threads touch the shared structures: this one, and the one that runs Python's event loop.
   One lock keeps them apart (lock.h), and these rules:

   1. Whoever reads or writes a structure of structures.h holds the lock. Python's thread holds it
      whenever it runs a callback, and lets go of it while it waits for events and where longer work
      says so (media/native/event_loop.py); so no callback needs to know of this thread.
   2. This thread never calls Python, and changes no reference count. It finds objects only through
      the tables and arrays of other objects, from by_address on, and forgets them before it lets go
      of the lock. So Python may release an object as soon as no table leads to it.
   3. An SRTP session is used by whoever holds the lock, so by one thread at a time.
   4. Without the lock this thread only waits. It reads with the lock, into its own buffers (struct
      reader): whatever came while Python had the lock is handled in the same turn, and so waits for
      Python once and not twice.
   5. It sends all that it queued before it lets go of the lock. What Python had queued leaves with
      it, which is early but in order.
   6. What it does not handle is set aside for Python, in order of arrival, and Python is woken, unless
      all of it can wait for Python's next tick. When too much waits there, of all or of one
      participant, datagrams are dropped and counted, as the kernel would.
   7. Transport-wide feedback is sent by this thread alone to peers that have a feedback session.
   8. Whoever waits for the lock longest gets it next. So Python waits for a batch of at most BATCH
      datagrams, and this thread for one round of Python's event loop, or less where it is offered
      the lock; it is not before Python has held it for as long as it waited for it.
   9. If it cannot wait any more, it says so in `failed`, wakes Python, and ends. */

#include "thread.h"

#include "feedback.h"
#include "forward.h"
#include "send.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCHES_AT_ONCE = 4, /* of one port, before the next has its turn */
    RESERVED = 64,       /* places that strangers leave to participants, and participants to checks */
    FEWEST = 16,         /* datagrams of a participant that may wait while any place is free */
    FEWEST_STRANGE = 32, /* the same of strangers */
    PATIENT = 48,        /* of those that can wait: as many wake Python all the same */
    BUSY = 10000,        /* datagrams a second above which they may be let come together */
    OFTEN = 3000,        /* wakeups a second above which they are: with that there are as many */
    PAUSE = 300 * 1000,  /* nanoseconds for that */
    PAUSING = 25,        /* looks for which that goes on, until wakeups are counted again */
    SLICE = 100 * 1000,  /* nanoseconds of the processor, the least that Linux gives at a time */
    REVIEWED = 20 * 1000 * 1000, /* nanoseconds between two looks at that, and at feedback */
    LOOKS = 15, /* at feedback after the last datagram: Python may still handle what came */
};

static long long nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static unsigned room(const struct reader *reader)
{
    return SET_ASIDE - (unsigned)(reader->put - reader->taken);
}

/* Where a participant's waiting datagrams are counted: by its address in memory, which is not followed
   (rule 2). Two whose hashes are the same are one to the count. */
static unsigned share_of(const Peer *peer)
{
    return peer != NULL ? (unsigned)((uint64_t)(uintptr_t)peer * 0x9E3779B97F4A7C15u >> 54) : SHARES;
}

/* Whether a datagram may wait. However many flood, there is room for the others: each may have three
   times as many waiting as there are places free, which leaves a quarter of them beside one. */
static int may_wait(const struct reader *reader, const Peer *peer)
{
    int left = (int)room(reader) - RESERVED, waiting = reader->waiting[share_of(peer)];
    if (peer == NULL)
        return left > 0 || (room(reader) > 0 && waiting < FEWEST_STRANGE);
    return room(reader) > 0 && (waiting < FEWEST || waiting < 3 * left);
}

/* Whether RTCP says nothing that has to be acted on within milliseconds: reports, and feedback that
   estimates are made of. Its first packet's type is never encrypted (RFC 3711 section 3.4). A request
   that comes behind a report, from a client without reduced-size RTCP, waits with it. */
static int is_report(const struct datagram *datagram)
{
    enum { SR = 200, RR = 201, RTPFB = 205, PSFB = 206, TRANSPORT_CC = 15, REMB = 15 };
    if (datagram->plain || datagram->length < 8 || datagram->octets[0] >> 6 != 2)
        return 0;
    int type = datagram->octets[1], format = datagram->octets[0] & 31;
    return type == SR || type == RR || (type == RTPFB && format == TRANSPORT_CC) ||
           (type == PSFB && format == REMB);
}

static struct aside *put(Loop *loop, struct reader *reader, const Peer *peer, int index, int kind,
                         double arrived_at)
{
    struct aside *place = &reader->aside[reader->put++ % SET_ASIDE];
    place->arrived_at = arrived_at;
    place->kind = (uint8_t)kind;
    place->share = (uint16_t)share_of(peer);
    reader->waiting[place->share]++;
    memcpy(place->address, reader->addresses[index], ADDRESS_SPACE);
    loop->set_aside++;
    return place;
}

static void set_aside(Loop *loop, struct reader *reader, const Peer *peer, int index,
                      const struct datagram *datagram)
{
    if (!may_wait(reader, peer)) {
        loop->dropped++;
        return;
    }
    struct aside *place = put(loop, reader, peer, index, datagram->plain ? PLAIN : PROTECTED,
                              datagram->arrived_at);
    place->length = (uint16_t)datagram->length;
    memcpy(place->octets, datagram->octets,
           (size_t)(datagram->length < SLOT ? datagram->length : SLOT));
    if (!is_report(datagram))
        reader->hurries = 1;
    if (datagram->inbound != NULL) {
        datagram->inbound->behind_in = reader;
        datagram->inbound->behind = reader->put;
    }
}

static void tell_gap(Loop *loop, struct reader *reader, const Peer *peer, int index, double now,
                     const struct datagram *datagram)
{
    const uint8_t *ssrc = datagram->octets + 8;
    struct gap gap = {now,
                      (uint32_t)ssrc[0] << 24 | (uint32_t)ssrc[1] << 16 | (uint32_t)ssrc[2] << 8 |
                          ssrc[3],
                      (uint16_t)datagram->gap_first, (uint16_t)datagram->gap_count};
    struct aside *place = put(loop, reader, peer, index, GAP, now);
    place->length = sizeof gap;
    memcpy(place->octets, &gap, sizeof gap);
}

static void handle_one(Loop *loop, struct reader *reader, Peer *peer, int index,
                       struct datagram *datagram)
{
    /* From an address that nobody has proved only a check is looked at. */
    if (peer == NULL && (datagram->length == 0 || datagram->octets[0] >= 2))
        loop->strangers++;
    else if (!handle(peer, datagram))
        set_aside(loop, reader, peer, index, datagram);
    else if (datagram->gap_count)
        tell_gap(loop, reader, peer, index, datagram->now, datagram);
}

/* libsrtp reads words, and Python a slot. */
static uint8_t *in_place(struct reader *reader, uint8_t *octets, int length)
{
    if (((uintptr_t)octets & 3) == 0 || length > SLOT)
        return octets;
    memcpy(reader->aligned, octets, (size_t)length);
    return reader->aligned;
}

int handle_batch(Loop *loop, Port *port, int from, int count, double now, long long read_at)
{
    struct reader *reader = port->batch->reader;
    size_t address_size = port->batch->address_size;
    uint8_t send_time[3];
    write_send_time(now, send_time);
    Peer *peer = NULL;
    unsigned handled = 0;
    int i = from;
    for (; i < count && handled < BATCH; i++) {
        struct msghdr *header = &reader->in[i].msg_hdr;
        const uint8_t *address = reader->addresses[i];
        int total = (int)reader->in[i].msg_len, size = train_size(header, total);
        double arrived_at = now - age(header, read_at);
        header->msg_controllen = sizeof reader->beside[i];
        if (i == from || memcmp(address, reader->addresses[i - 1], address_size) != 0)
            peer = find_peer(loop, address, address_size);
        loop->coupled += size < total ? (unsigned)((total + size - 1) / size) : 0;
        int at = 0;
        do {
            int length = total - at < size ? total - at : size;
            struct datagram datagram = {
                .octets = in_place(reader, reader->octets[i] + at, length),
                .length = length < SLOT ? length : SLOT,
                .now = now,
                .arrived_at = arrived_at,
                .send_time = send_time,
                .may_skip = may_wait(reader, peer),
            };
            handle_one(loop, reader, peer, i, &datagram);
            handled++;
            at += size;
        } while (at < total);
    }
    loop->handled += handled;
    loop->batches++;
    return i;
}

static void send_everything(Loop *loop)
{
    for (int i = 0; i < loop->port_count; i++)
        if (loop->served[i]->used)
            send_all(loop->served[i]);
}

static void wake_python(Loop *loop)
{
    uint64_t one = 1;
    if (write(loop->wake, &one, sizeof one) < 0)
        return; /* only when it is as full as can be, and so readable anyway */
}

/* Handle datagrams that were read, send what follows from them, and let go of the lock. Returns the
   number of the first that is left. */
static int handle_turn(Loop *loop, Port *port, int from, int count, double now, long long read_at)
{
    struct reader *reader = port->batch->reader;
    unsigned long long before = loop->handled;
    int next = handle_batch(loop, port, from, count, now, read_at);
    port->received += loop->handled - before;
    send_everything(loop);
    reader->hurries |= reader->put - reader->taken >= PATIENT;
    int wake = reader->hurries && !loop->woken;
    loop->woken |= wake;
    loop->wakes += (unsigned)wake;
    lock_release(&loop->lock);
    if (wake)
        wake_python(loop);
    return next;
}

int serve_port(Loop *loop, Port *port)
{
    lock_acquire(&loop->lock);
    /* An error is either "nothing to read" or an unreachable destination reported late. */
    int count = recvmmsg(port->batch->descriptor, port->batch->reader->in, BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0) {
        lock_release(&loop->lock);
        return 0;
    }
    long long read_at = nanoseconds(CLOCK_REALTIME);
    double now = (double)nanoseconds(CLOCK_MONOTONIC) / 1e9;
    int next = handle_turn(loop, port, 0, count, now, read_at);
    while (next < count) {
        lock_acquire(&loop->lock);
        next = handle_turn(loop, port, next, count, now, read_at);
    }
    return count;
}

/* How much there is to do. */
struct load {
    long long since; /* when it was looked at last, in nanoseconds */
    unsigned long long handled_then;
    unsigned wakeups; /* since then */
    int busy;
    int pausing; /* looks for which to go on pausing */
    int looks;   /* that are still to be made at feedback */
};

/* Now and then: send the feedback that is due, and see how often datagrams came. Returns whether it
   was time for that. */
static int review(Loop *loop, struct load *load)
{
    long long now = nanoseconds(CLOCK_MONOTONIC);
    if (now - load->since < REVIEWED)
        return 0;
    lock_acquire(&loop->lock);
    unsigned long long count = loop->handled - load->handled_then;
    load->handled_then = loop->handled;
    int more = send_due_feedback(loop, (double)now / 1e9);
    send_everything(loop);
    lock_release(&loop->lock);
    double passed = (double)(now - load->since);
    if (load->pausing)
        load->pausing--;
    else if (load->busy && (double)load->wakeups * 1e9 > passed * OFTEN)
        load->pausing = PAUSING;
    load->busy = (double)count * 1e9 > passed * BUSY;
    load->wakeups = 0;
    load->since = now;
    load->looks = count || more ? LOOKS : load->looks - 1;
    return 1;
}

/* Read all ports until they are empty, or as often as one may. Returns how much was read. */
static int serve_ports(Loop *loop)
{
    int total = 0;
    for (int i = 0; i < loop->port_count; i++)
        for (int turn = 0, count = BATCH; count == BATCH && turn < BATCHES_AT_ONCE; turn++) {
            count = serve_port(loop, loop->served[i]);
            total += count;
        }
    return total;
}

/* Under high load nobody is asked whether any datagrams have come as long as some have meanwhile, but
   for a look now and then. If they come few at a time all the same, they are let come together for a
   moment: a wakeup costs as much as forwarding a packet, and packets that are sent together leave in
   one segmented send. Whether they do is only seen without that. */
static void serve_round(Loop *loop, struct load *load)
{
    static const struct timespec pause = {0, PAUSE};
    int count, reviewed;
    load->wakeups++;
    do {
        count = serve_ports(loop);
        reviewed = review(loop, load);
        if (load->busy && load->pausing && count)
            clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    } while (load->busy && count && !reviewed);
}

/* Wait until something is ready, or feedback may be due. Returns 0 or an errno value. */
static int wait_ready(struct pollfd *ready, nfds_t count, const struct load *load)
{
    while (poll(ready, count, load->looks > 0 ? REVIEWED / 1000000 : -1) < 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

static void tell_failure(Loop *loop, int failed)
{
    lock_acquire(&loop->lock);
    loop->failed = failed;
    loop->woken = 1;
    lock_release(&loop->lock);
    wake_python(loop);
}

/* Let this thread go on as soon as it wakes up. On a processor where another thread runs, Python's for
   one, Linux may let it wait for the next tick, 4 ms where there are 250 in a second. From 6.12 on it
   does not if the one that wakes up has asked for the shorter slice. It gets no more of the processor
   for that, and needs no privilege; older kernels take no notice. */
static void ask_for_short_slices(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {.size = sizeof attributes, .policy = SCHED_OTHER, .runtime = SLICE};
    attributes.nice = getpriority(PRIO_PROCESS, 0);
    if (sched_getscheduler(0) == SCHED_OTHER)
        syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static void *serve(void *argument)
{
    Loop *loop = argument;
    struct pollfd ready[MOST_PORTS + 1];
    int ports = loop->port_count, failed;
    struct load load = {0, 0, 0, 0, 0, 0};
    prctl(PR_SET_NAME, "packets");
    prctl(PR_SET_TIMERSLACK, 1);
    ask_for_short_slices();
    for (int i = 0; i < ports; i++)
        ready[i] = (struct pollfd){.fd = loop->served[i]->batch->descriptor, .events = POLLIN};
    ready[ports] = (struct pollfd){.fd = loop->stop, .events = POLLIN};
    while (!(failed = wait_ready(ready, (nfds_t)ports + 1, &load)) && !ready[ports].revents)
        serve_round(loop, &load);
    if (failed)
        tell_failure(loop, failed);
    return NULL;
}

int start_thread(Loop *loop)
{
    loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int failed = loop->wake < 0 || loop->stop < 0 ? errno : 0;
    lock_acquire(&loop->lock);
    loop->failed = 0;
    if (!failed)
        failed = pthread_create(&loop->thread, NULL, serve, loop);
    loop->running = !failed;
    if (failed) {
        lock_release(&loop->lock);
        close(loop->wake);
        close(loop->stop);
    }
    return failed;
}

void stop_thread(Loop *loop)
{
    uint64_t one = 1;
    while (write(loop->stop, &one, sizeof one) < 0 && errno == EINTR)
        ;
    pthread_join(loop->thread, NULL);
    close(loop->stop);
    close(loop->wake);
    loop->running = 0;
}

int take_aside(Port *port, int most, uint8_t *kinds, double *arrivals)
{
    struct batch *batch = port->batch;
    struct reader *reader = batch->reader;
    int count = 0;
    for (; count < most && count < BATCH && reader->taken != reader->put; count++) {
        const struct aside *place = &reader->aside[reader->taken++ % SET_ASIDE];
        reader->waiting[place->share]--;
        batch->in[count].msg_len = place->length;
        memcpy(batch->addresses + count * ADDRESS_SPACE, place->address, ADDRESS_SPACE);
        memcpy(batch->incoming + count * SLOT, place->octets,
               place->length < SLOT ? place->length : SLOT);
        kinds[count] = place->kind;
        arrivals[count] = place->arrived_at;
    }
    if (reader->taken == reader->put)
        reader->hurries = 0;
    return count;
}

int awaits_python(const Port *port, const Peer *peer)
{
    const struct reader *reader = port->batch != NULL ? port->batch->reader : NULL;
    return reader != NULL && reader->waiting[share_of(peer)] != 0;
}
