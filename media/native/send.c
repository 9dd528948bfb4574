/* Sends what is queued on a port, in one system call if possible. */

#include "send.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

enum {
    UDP_SEGMENT_OPTION = 103,
    UNSEGMENTED = 60, /* seconds for which a destination that refused gets no segmented send */
};

static int64_t seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

/* Where a destination's refusal is kept. Others with the same hash do without segments as well. */
static int64_t *refusal_of(struct batch *batch, const uint8_t *address, size_t size)
{
    uint32_t hash = 0x811C9DC5u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ address[i]) * 0x01000193u;
    return &batch->unsegmented_until[(hash ^ hash >> 16) % REFUSALS];
}

/* A link may be too narrow for segments of this size, and a network card too plain: the destination
   behind it says nothing of the others. */
static void note_refusal(struct batch *batch, const struct msghdr *message)
{
    int64_t until = seconds() + UNSEGMENTED;
    *refusal_of(batch, message->msg_name, message->msg_namelen) = until;
    batch->refusals_until = until;
}

int take_slot(Port *port)
{
    if (port->used < 0 || port->used >= OUTGOING)
        send_all(port);
    return port->used++;
}

void push(Port *port, int slot, int length, Destination *to)
{
    struct batch *batch = port->batch;
    batch->lengths[slot] = (uint16_t)length;
    batch->next[slot] = -1;
    if (to->generation == port->generation) {
        batch->next[to->last] = (int16_t)slot;
    } else {
        int index = batch->destinations++;
        batch->firsts[index] = (int16_t)slot;
        memcpy(batch->to[index], to->address, sizeof to->address);
        batch->to_sizes[index] = to->address_size;
        to->generation = port->generation;
    }
    to->last = slot;
}

void empty_queue(Port *port)
{
    port->batch->destinations = 0;
    port->generation++;
    port->used = 0;
}

static void send_singly(Port *port, int message)
{
    struct batch *batch = port->batch;
    const struct msghdr *whole = &batch->out[message].msg_hdr;
    struct mmsghdr single;
    memset(&single, 0, sizeof single);
    single.msg_hdr.msg_name = whole->msg_name;
    single.msg_hdr.msg_namelen = whole->msg_namelen;
    single.msg_hdr.msg_iovlen = 1;
    for (int i = 0; i < batch->runs[message]; i++) {
        single.msg_hdr.msg_iov = whole->msg_iov + i;
        if (sendmmsg(batch->descriptor, &single, 1, MSG_DONTWAIT) > 0)
            port->sent++;
        else
            port->refused++;
    }
}

static void dispatch(Port *port, int total)
{
    struct batch *batch = port->batch;
    int done = 0;
    while (done < total) {
        int sent = sendmmsg(batch->descriptor, batch->out + done, (unsigned)(total - done),
                            MSG_DONTWAIT);
        if (sent > 0) {
            for (int end = done + sent; done < end; done++) {
                port->sent += (unsigned)batch->runs[done];
                if (batch->runs[done] > 1)
                    port->segmented += (unsigned)batch->runs[done];
            }
            continue;
        }
        if (batch->runs[done] > 1 && (errno == EIO || errno == EINVAL || errno == EOPNOTSUPP ||
                                       errno == EMSGSIZE)) {
            note_refusal(batch, &batch->out[done].msg_hdr);
            send_singly(port, done);
        } else {
            port->refused += (unsigned)batch->runs[done];
        }
        done++;
    }
}

/* Messages for the chain of one destination, from *used on; returns how many there are now. */
static int gather(Port *port, int index, int *used, int messages, int64_t now)
{
    struct batch *batch = port->batch;
    int slot = batch->firsts[index];
    int segments = port->segmentation && (!batch->refusals_until ||
        *refusal_of(batch, batch->to[index], batch->to_sizes[index]) <= now);
    while (slot >= 0 && *used < OUTGOING) {
        struct iovec *vectors = &batch->out_vectors[*used];
        int size = batch->lengths[slot], count = 0, length = size;
        while (slot >= 0 && *used < OUTGOING && count < SEGMENTS && batch->lengths[slot] <= size) {
            length = batch->lengths[slot];
            batch->out_vectors[*used].iov_base = batch->outgoing + (size_t)slot * SLOT;
            batch->out_vectors[*used].iov_len = (size_t)length;
            (*used)++;
            count++;
            slot = batch->next[slot];
            /* A shorter packet may end a segmented send, but not stand inside one. */
            if (!segments || length != size)
                break;
        }
        struct msghdr *header = &batch->out[messages].msg_hdr;
        memset(header, 0, sizeof *header);
        header->msg_name = batch->to[index];
        header->msg_namelen = batch->to_sizes[index];
        header->msg_iov = vectors;
        header->msg_iovlen = (size_t)count;
        if (count > 1) {
            struct control *control = &batch->controls[messages];
            control->length = offsetof(struct control, size) + sizeof control->size;
            control->level = IPPROTO_UDP;
            control->type = UDP_SEGMENT_OPTION;
            control->size = (uint16_t)size;
            header->msg_control = control;
            header->msg_controllen = sizeof *control;
        }
        batch->runs[messages++] = count;
    }
    return messages;
}

void send_all(Port *port)
{
    if (port->batch == NULL)
        return;
    int messages = 0, used = 0;
    int64_t now = port->batch->refusals_until ? seconds() : 0;
    if (port->batch->refusals_until <= now)
        port->batch->refusals_until = 0;
    for (int i = 0; i < port->batch->destinations; i++)
        messages = gather(port, i, &used, messages, now);
    dispatch(port, messages);
    empty_queue(port);
}
