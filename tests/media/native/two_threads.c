/* The loop's thread beside a thread that plays Python: it changes everything that Python changes,
   through the same functions and with the lock held as Python holds it, while packets arrive. Built
   with ThreadSanitizer or AddressSanitizer by test_native_memory.py; prints what it did.

   The ciphers are not libsrtp's: they change the memory of their session as libsrtp's do, so that
   two threads in one session are noticed, and append and remove sixteen bytes. */

#include "forward.h"
#include "send.h"
#include "thread.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SENT = 20, PUBLISHERS = 6, FOLLOWERS = 3, TAG = 16, LENGTH = 200, END = 24 };

struct session {
    unsigned long uses;
};

struct publisher {
    int socket;
    struct sockaddr_in address;
    Peer *peer;
    InboundStream *inbound;
    OutboundStream *outbound[FOLLOWERS];
    unsigned sequence;
};

static Loop loop;
static Port port;
static struct publisher publishers[PUBLISHERS];
static unsigned long taken, left, replaced, reports;

static int fake_protect(void *session, void *packet, int *length)
{
    ((struct session *)session)->uses++;
    memset((uint8_t *)packet + *length, 7, TAG);
    *length += TAG;
    return 0;
}

static int fake_protect_rtcp(void *session, void *packet, int *length)
{
    reports++;
    return fake_protect(session, packet, length);
}

static int fake_unprotect(void *session, void *packet, int *length)
{
    const uint8_t *octets = packet;
    ((struct session *)session)->uses++;
    if (*length < 12 + TAG || octets[*length - 1] != 7)
        return 1;
    *length -= TAG;
    return 0;
}

static void *made(size_t size)
{
    void *memory = calloc(1, size);
    if (memory == NULL)
        abort();
    return memory;
}

static int udp(struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(descriptor, (struct sockaddr *)address, sizeof *address) < 0)
        abort();
    getsockname(descriptor, (struct sockaddr *)address, &size);
    return descriptor;
}

/* Slots, headers and readers as Port.attach and Loop.start make them. */
static void open_port(void)
{
    struct sockaddr_in address;
    int stamps = 1;
    struct batch *batch = made(sizeof *batch);
    batch->descriptor = udp(&address);
    setsockopt(batch->descriptor, SOL_SOCKET, 35, &stamps, sizeof stamps);
    batch->address_size = sizeof address;
    batch->in = made(BATCH * sizeof *batch->in);
    batch->addresses = made(BATCH * ADDRESS_SPACE);
    batch->incoming = made(BATCH * SLOT);
    batch->outgoing = made(OUTGOING * SLOT);
    for (int i = 0; i < BATCH; i++)
        batch->in[i].msg_hdr.msg_control = made(sizeof(struct stamp));
    struct reader *reader = batch->reader = made(sizeof *reader);
    reader->octets = made(BATCH * sizeof *reader->octets);
    setsockopt(batch->descriptor, IPPROTO_UDP, UDP_TRAIN, &stamps, sizeof stamps);
    for (int i = 0; i < BATCH; i++) {
        reader->vectors[i] = (struct iovec){reader->octets[i], TRAIN};
        reader->in[i].msg_hdr = (struct msghdr){
            .msg_name = reader->addresses[i],
            .msg_namelen = sizeof address,
            .msg_iov = &reader->vectors[i],
            .msg_iovlen = 1,
            .msg_control = &reader->beside[i],
            .msg_controllen = sizeof reader->beside[i],
        };
    }
    port.batch = batch;
    port.segmentation = 1;
    port.generation = 1;
    loop.served[0] = &port;
    loop.port_count = 1;
}

static void plan(InboundStream *inbound)
{
    memset(&inbound->plan, 0, sizeof inbound->plan);
    inbound->plan.usable = 1;
    inbound->plan.end = END;
    inbound->plan.transport_sequence = 20;
    inbound->plan.send_time = 17;
    inbound->plan.stripped[0] = 19;
    inbound->plan.stripped_sizes[0] = 3;
    inbound->plan.stripped_count = 1;
}

static void follow(struct publisher *one, int count)
{
    OutboundStream **followers = made(FOLLOWERS * sizeof *followers);
    for (int i = 0; i < count; i++)
        followers[i] = one->outbound[i];
    free(one->inbound->followers);
    one->inbound->followers = followers;
    one->inbound->follower_count = count;
}

static void enter(struct publisher *one, uint32_t ssrc)
{
    void *before;
    uint8_t key[4] = {(uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8),
                      (uint8_t)ssrc};
    InboundStream *inbound = one->inbound = made(sizeof *inbound);
    inbound->payload_type = 96;
    inbound->clock_rate = 90000;
    inbound->next_sequence = (int)one->sequence;
    inbound->history = made(sizeof *inbound->history);
    plan(inbound);
    follow(one, FOLLOWERS);
    if (one->peer == NULL) {
        one->peer = made(sizeof *one->peer);
        one->peer->session = (uintptr_t)made(sizeof(struct session));
        one->peer->octets_left = 1e12;
        one->peer->octets_at_once = 1e12;
        one->peer->destination = one->outbound[0]->destination;
        one->peer->feedback_session = one->outbound[0]->session;
        one->peer->feedback_report_size = 8;
        one->peer->by_ssrc = made(sizeof *one->peer->by_ssrc);
        table_put(&loop.by_address->entries, (uint8_t *)&one->address, sizeof one->address,
                  one->peer, &before);
    }
    table_put(&one->peer->by_ssrc->entries, key, sizeof key, inbound, &before);
}

static void leave(struct publisher *one)
{
    Peer *peer = table_remove(&loop.by_address->entries, (uint8_t *)&one->address,
                              sizeof one->address);
    history_clear(&one->inbound->history->kept);
    free(one->inbound->history);
    free(one->inbound->followers);
    free(one->inbound);
    free(peer->by_ssrc->entries.entries);
    free(peer->by_ssrc);
    free(peer->arrivals);
    free(pointer(peer->session));
    free(peer);
    one->peer = NULL;
}

/* One packet of `size` bytes, or a train of them in one segmented send. */
static void send_packets(struct publisher *one, const struct sockaddr_in *to, unsigned skipped,
                         int count, int size)
{
    uint8_t packets[MOST_SENT * (LENGTH + TAG)];
    memset(packets, 7, sizeof packets);
    one->sequence = (one->sequence + skipped) & 0xFFFF;
    for (int i = 0; i < count; i++) {
        uint8_t *packet = packets + i * size;
        one->sequence = (one->sequence + 1) & 0xFFFF;
        packet[0] = 0x90;
        packet[1] = 96;
        packet[2] = (uint8_t)(one->sequence >> 8);
        packet[3] = (uint8_t)one->sequence;
        memset(packet + 8, 0, 4);
        packet[11] = 9;
    }
    setsockopt(one->socket, IPPROTO_UDP, 103, &size, sizeof size);
    sendto(one->socket, packets, (size_t)(count * size), 0, (const struct sockaddr *)to, sizeof *to);
}

/* What Python does with a packet that was set aside: take the number it has, and go on. */
static void catch_up(struct publisher *one, const uint8_t *packet)
{
    one->inbound->next_sequence = ((packet[2] << 8 | packet[3]) + 1) & 0xFFFF;
    one->inbound->keyframe_wanted = 0;
    one->inbound->waiting_count = 0;
}

static void take_all(void)
{
    uint8_t kinds[BATCH];
    double arrivals[BATCH];
    uint64_t times;
    if (read(loop.wake, &times, sizeof times) > 0)
        loop.woken = 0;
    for (int count; (count = take_aside(&port, BATCH, kinds, arrivals)) > 0;) {
        taken += (unsigned)count;
        for (int i = 0; i < count; i++)
            for (int j = 0; j < PUBLISHERS; j++)
                if (kinds[i] == PLAIN && publishers[j].peer != NULL &&
                    memcmp(port.batch->addresses + i * ADDRESS_SPACE, &publishers[j].address,
                           sizeof publishers[j].address) == 0)
                    catch_up(&publishers[j], port.batch->incoming + i * SLOT);
    }
}

static void change(unsigned turn)
{
    struct publisher *one = &publishers[turn % PUBLISHERS];
    uint8_t number[2];
    switch (turn % 7) {
    case 0:
        follow(one, (int)(turn % (FOLLOWERS + 1)));
        break;
    case 1:
        one->inbound->keyframe_wanted = 1;
        break;
    case 2:
        one->inbound->waiting_count = 1;
        break;
    case 3:
        plan(one->inbound);
        free(one->peer->arrivals);
        one->peer->arrivals = NULL;
        one->peer->arrived = one->peer->capacity = 0;
        one->peer->feedback_session = turn % 2 ? one->outbound[0]->session : 0;
        break;
    case 4:
        if (history_find(&one->inbound->history->kept, one->sequence) != NULL)
            history_forget(&one->inbound->history->kept, one->sequence);
        break;
    case 5:
        leave(one);
        left++;
        enter(one, 9);
        break;
    default:
        number[0] = (uint8_t)turn;
        int slot = take_slot(&port);
        memcpy(port.batch->outgoing + slot * SLOT, number, 1);
        push(&port, slot, 1, one->outbound[0]->destination);
        one->outbound[0]->sequence_offset++;
        replaced++;
    }
}

int main(int count, char **arguments)
{
    long long seconds = count > 1 ? atoll(arguments[1]) : 1;
    struct sockaddr_in to, receiver_address;
    socklen_t size = sizeof to;
    protect = fake_protect;
    protect_rtcp = fake_protect_rtcp;
    unprotect = fake_unprotect;
    lock_init(&loop.lock);
    loop.by_address = made(sizeof *loop.by_address);
    open_port();
    getsockname(port.batch->descriptor, (struct sockaddr *)&to, &size);
    int receiver = udp(&receiver_address);
    for (int i = 0; i < PUBLISHERS; i++) {
        struct publisher *one = &publishers[i];
        one->socket = udp(&one->address);
        for (int j = 0; j < FOLLOWERS; j++) {
            one->outbound[j] = made(sizeof *one->outbound[j]);
            one->outbound[j]->session = (uintptr_t)made(sizeof(struct session));
            one->outbound[j]->destination = made(sizeof(Destination));
            one->outbound[j]->destination->port = &port;
            one->outbound[j]->destination->address_size = sizeof receiver_address;
            memcpy(one->outbound[j]->destination->address, &receiver_address,
                   sizeof receiver_address);
        }
        enter(one, 9);
    }
    if (start_thread(&loop) != 0)
        abort();
    time_t end = time(NULL) + seconds;
    unsigned turn = 0;
    uint8_t ignored[SLOT];
    for (; time(NULL) < end; turn++) {
        /* As the selector does: without the lock while it waits. */
        lock_release(&loop.lock);
        for (int i = 0; i < PUBLISHERS; i++)
            send_packets(&publishers[i], &to, turn % 11 == 0 && i == 0, 1 + (int)turn % MOST_SENT,
                         LENGTH + TAG - (int)turn % 4);
        struct pollfd wake = {.fd = loop.wake, .events = POLLIN};
        poll(&wake, 1, turn % 3 ? 0 : 1);
        while (recv(receiver, ignored, sizeof ignored, MSG_DONTWAIT) > 0)
            ;
        lock_acquire(&loop.lock);
        take_all();
        change(turn);
        if (lock_wanted(&loop.lock)) {
            lock_release(&loop.lock);
            lock_acquire(&loop.lock);
        }
        send_all(&port);
    }
    lock_release(&loop.lock);
    stop_thread(&loop);
    printf("%u turns, %llu handled, %llu set aside, %lu taken, %llu sent, %lu left, %llu dropped, "
           "%lu reports\n",
           turn, loop.handled, loop.set_aside, taken, port.sent, left, loop.dropped, reports);
    return loop.handled > 100 && loop.coupled > 100 && loop.set_aside > 10 && taken > 10 && port.sent > 100 && reports > 9
               ? 0
               : 1;
}
