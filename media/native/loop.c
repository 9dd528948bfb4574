/* The packet loop of media/forwarding/packet_loop.py in C, for ordinary packets.

   It unprotects, accepts, rewrites, protects and queues in the memory that Python uses too.
   Anything out of the ordinary (a check, a new stream, a gap, a keyframe that a subscriber waits
   for) is handed back to Python, which handles that datagram alone. While objects are only borrowed,
   nothing is allocated that the garbage collector tracks, so no Python code can run. Every position
   in a packet is compared with the packet's length before it is used. */

#include "structures.h"

#include <string.h>
#include <time.h>

#define MOST_AGE 2.0

enum {
    LONGEST_PACKET = 1500,
    SO_TIMESTAMPNS_64 = 35,
    LEAST_CHARGE = 250,
    RED_PAYLOAD_TYPE = 63,
    HISTORY = 256,
    INTERFACE = 4, /* raised with every change that media/native/__init__.py must know of */
};

typedef int (*cipher)(void *session, void *packet, int *length);

static cipher protect, unprotect;

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

static int read_int(PyObject *object, const char *name, long least, long most)
{
    PyObject *value = PyObject_GetAttrString(object, name);
    long number = value != NULL ? PyLong_AsLong(value) : -1;
    Py_XDECREF(value);
    PyErr_Clear();
    return number < least || number > most ? -1 : (int)number;
}

static int read_octets(PyObject *object, const char *name, int width, uint8_t *into)
{
    PyObject *value = PyObject_GetAttrString(object, name);
    PyObject *octets =
        value != NULL ? PyObject_CallMethod(value, "to_bytes", "is", width, "big") : NULL;
    int right = octets != NULL && PyBytes_CheckExact(octets) && PyBytes_Size(octets) == width;
    if (right)
        memcpy(into, PyBytes_AsString(octets), (size_t)width);
    Py_XDECREF(octets);
    Py_XDECREF(value);
    return right;
}

static int read_stripped(PyObject *layout, struct plan *plan)
{
    PyObject *stripped = PyObject_GetAttrString(layout, "stripped");
    int right =
        stripped != NULL && PyTuple_CheckExact(stripped) && PyTuple_Size(stripped) <= MOST_STRIPPED;
    plan->stripped_count = right ? (int)PyTuple_Size(stripped) : 0;
    for (int i = 0; right && i < plan->stripped_count; i++) {
        int position;
        const char *zeros;
        Py_ssize_t size;
        right = PyArg_ParseTuple(PyTuple_GetItem(stripped, i), "iy#", &position, &zeros, &size) &&
                position >= 12 && position + size <= plan->end;
        plan->stripped[i] = right ? (uint16_t)position : 0;
        plan->stripped_sizes[i] = right ? (uint16_t)size : 0;
    }
    Py_XDECREF(stripped);
    return right;
}

/* Read the layout that Python parsed; if it cannot be used, all its packets go to Python. */
static void make_plan(InboundStream *inbound)
{
    struct plan *plan = &inbound->plan;
    PyObject *layout = inbound->layout;
    memset(plan, 0, sizeof *plan);
    Py_INCREF(layout);
    Py_XDECREF(inbound->planned);
    inbound->planned = layout;
    int start = read_int(layout, "start", 12, 12);
    int end = read_int(layout, "end", 12 + 4, 12 + WIDEST);
    int number = read_int(layout, "transport_sequence", 0, end - 2);
    int send_time = read_int(layout, "send_time", 0, end - 3);
    int level = read_int(layout, "audio_level", 0, end - 1);
    plan->end = (uint16_t)(end > 0 ? end : 0);
    plan->usable = start == 12 && end > 0 && number >= 0 && send_time >= 0 && level >= 0 &&
                   read_octets(layout, "mask", end - start, plan->mask) &&
                   read_octets(layout, "match", end - start, plan->match) &&
                   read_stripped(layout, plan);
    plan->transport_sequence = (uint16_t)number;
    plan->send_time = (uint16_t)send_time;
    plan->audio_level = (uint16_t)level;
    PyErr_Clear();
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

/* media.rtp.vp8.rewrite_descriptor */
static void rewrite_descriptor(uint8_t *payload, int size, int picture_id_offset,
                               int tl0picidx_offset)
{
    int position = 2, picture = 0, level = 0;
    if (size < 2 || !(payload[0] & 0x80))
        return;
    if (payload[1] & 0x80) {
        if (size < position + 2)
            return;
        picture = position;
        position += payload[position] & 0x80 ? 2 : 1;
    }
    if (payload[1] & 0x40) {
        if (size <= position)
            return;
        level = position++;
    }
    if (payload[1] & 0x30)
        position++;
    if (size < position)
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
                       int end, unsigned sequence, uint32_t timestamp)
{
    Destination *to = (Destination *)outbound->destination;
    if (to == NULL || !PyObject_TypeCheck(outbound->destination, destination_type) ||
        to->port == NULL || !PyObject_TypeCheck(to->port, port_type) ||
        to->pending == NULL || !PyList_CheckExact(to->pending))
        return;
    Port *port = (Port *)to->port;
    if (port->batch == NULL || port->touched == NULL || !PyList_CheckExact(port->touched))
        return;
    if (port->used < 0 || port->used >= OUTGOING)
        send_all(port);
    int slot = port->used++;
    uint8_t *out = port->batch->outgoing + (size_t)slot * SLOT;
    memcpy(out, packet, (size_t)length);
    write16(out + 2, sequence + outbound->sequence_offset);
    write32(out + 4, timestamp + outbound->timestamp_offset);
    write32(out + 8, outbound->ssrc);
    if (outbound->rewrites_descriptor)
        rewrite_descriptor(out + end, length - end, outbound->picture_id_offset,
                           outbound->tl0picidx_offset);
    int size = length, padding = packet[0] & 0x20 ? packet[length - 1] : 0;
    if (outbound->session == 0 || protect(pointer(outbound->session), out, &size) != 0) {
        peer->refused++;
        return;
    }
    outbound->packets++;
    outbound->octets += (unsigned)length;
    outbound->payload_octets += length > end + padding ? (unsigned)(length - end - padding) : 0;
    PyObject *entry = PyLong_FromLong((long)slot << 16 | size);
    if (entry == NULL || (PyList_Size(to->pending) == 0 &&
                          PyList_Append(port->touched, outbound->destination) < 0) ||
        PyList_Append(to->pending, entry) < 0)
        PyErr_Clear();
    Py_XDECREF(entry);
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

static int is_empty_list(PyObject *list)
{
    return list != NULL && PyList_CheckExact(list) && PyList_Size(list) == 0;
}

/* Forward an unprotected packet, or return 0 and leave everything as it was. */
static int forward_packet(Peer *peer, InboundStream *inbound, uint8_t *packet, int length,
                          double arrived_at, const uint8_t *send_time)
{
    unsigned sequence = read16(packet + 2);
    int payload_type = packet[1] & 0x7F;
    if (inbound->layout == NULL)
        return 0;
    if (inbound->layout != inbound->planned)
        make_plan(inbound);
    const struct plan *plan = &inbound->plan;
    if (!matches(plan, packet, length) || payload_type != inbound->payload_type ||
        payload_type == RED_PAYLOAD_TYPE || (int)sequence != inbound->next_sequence ||
        inbound->keyframe_wanted || !is_empty_list(inbound->waiting) ||
        inbound->outbound_streams == NULL || !PyList_CheckExact(inbound->outbound_streams))
        return 0;
    if (plan->transport_sequence)
        note_arrival(peer, (int)read16(packet + plan->transport_sequence), arrived_at);
    inbound->next_sequence = (int)((sequence + 1) & 0xFFFF);
    inbound->received++;
    inbound->octets += (unsigned)length;
    if (plan->audio_level) {
        peer->loudness += 127u - (packet[plan->audio_level] & 0x7Fu);
        peer->loudness_count++;
    }
    uint32_t timestamp = read32(packet + 4);
    if (timestamp != inbound->timestamp)
        note_timing(inbound, timestamp, arrived_at);
    for (int i = 0; i < plan->stripped_count; i++)
        memset(packet + plan->stripped[i], 0, plan->stripped_sizes[i]);
    if (plan->send_time)
        memcpy(packet + plan->send_time, send_time, 3);
    PyObject *history = inbound->history;
    if (history != NULL && PyList_CheckExact(history) && PyList_Size(history) == HISTORY) {
        PyObject *kept = PyBytes_FromStringAndSize((char *)packet, length);
        if (kept == NULL || PyList_SetItem(history, sequence & (HISTORY - 1), kept) < 0)
            PyErr_Clear();
    }
    Py_ssize_t count = PyList_Size(inbound->outbound_streams);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *outbound = PyList_GetItem(inbound->outbound_streams, i);
        if (PyObject_TypeCheck(outbound, outbound_type))
            forward_to(peer, (OutboundStream *)outbound, packet, length, plan->end, sequence,
                       timestamp);
    }
    return 1;
}

static Peer *find_peer(PyObject *by_address, const uint8_t *address, Py_ssize_t size)
{
    PyObject *key = PyBytes_FromStringAndSize((const char *)address, size);
    PyObject *found = key != NULL ? PyDict_GetItemWithError(by_address, key) : NULL;
    Py_XDECREF(key);
    PyErr_Clear();
    return found != NULL && PyObject_TypeCheck(found, peer_type) ? (Peer *)found : NULL;
}

static InboundStream *find_inbound(Peer *peer, uint32_t ssrc)
{
    PyObject *found = NULL;
    if (peer->inbound_streams != NULL && PyDict_CheckExact(peer->inbound_streams)) {
        PyObject *key = PyLong_FromUnsignedLong(ssrc);
        found = key != NULL ? PyDict_GetItemWithError(peer->inbound_streams, key) : NULL;
        Py_XDECREF(key);
        PyErr_Clear();
    }
    return found != NULL && PyObject_TypeCheck(found, inbound_type) ? (InboundStream *)found : NULL;
}

/* media.transport.batching.BatchedSocket.age */
static double age(const Port *port, int index)
{
    struct msghdr *header = &port->batch->in[index].msg_hdr;
    struct stamp *stamp = header->msg_control;
    if (header->msg_controllen != STAMP_SPACE) {
        /* The kernel wrote how much it used, and reads there how much it may use. */
        header->msg_controllen = STAMP_SPACE;
        stamp->type = 0;
    }
    if (stamp->level != SOL_SOCKET || stamp->type != SO_TIMESTAMPNS_64)
        return 0.0;
    double seconds =
        (double)(port->read_at - (stamp->seconds * 1000000000 + stamp->nanoseconds)) / 1e9;
    return seconds >= 0.0 && seconds <= MOST_AGE ? seconds : 0.0;
}

enum { DONE, UNTOUCHED };

/* One datagram: DONE, UNTOUCHED, or the length of an unprotected packet for Python to handle. */
static int handle(Peer *peer, uint8_t *packet, int length, double arrived_at,
                  const uint8_t *send_time)
{
    if (peer == NULL || length < 2 || packet[0] < 128 || packet[0] > 191 ||
        (packet[1] >= 192 && packet[1] < 224))
        return UNTOUCHED;
    if (peer->session == 0 || length > LONGEST_PACKET)
        return DONE;
    InboundStream *inbound = length < 12 ? NULL : find_inbound(peer, read32(packet + 8));
    if (inbound == NULL)
        return UNTOUCHED;
    if (unprotect(pointer(peer->session), packet, &length) != 0 || length < 12) {
        peer->refused++;
        return DONE;
    }
    peer->octets_left -= length > LEAST_CHARGE ? length : LEAST_CHARGE;
    if (peer->octets_left < 0) {
        peer->over_limit++;
        return DONE;
    }
    peer->received_octets += (unsigned)length;
    Py_INCREF((PyObject *)inbound);
    int forwarded = forward_packet(peer, inbound, packet, length, arrived_at, send_time);
    Py_DECREF((PyObject *)inbound);
    return forwarded ? DONE : length;
}

/* ---- what Python calls ---- */

static PyObject *loop_bind(PyObject *module, PyObject *arguments)
{
    unsigned long long protecting, unprotecting;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "KK", &protecting, &unprotecting))
        return NULL;
    protect = (cipher)(uintptr_t)protecting;
    unprotect = (cipher)(uintptr_t)unprotecting;
    Py_RETURN_NONE;
}

static Port *attached(PyObject *object)
{
    if (PyObject_TypeCheck(object, port_type) && ((Port *)object)->batch != NULL)
        return (Port *)object;
    PyErr_SetString(PyExc_TypeError, "an attached port is needed");
    return NULL;
}

static PyObject *loop_receive(PyObject *module, PyObject *argument)
{
    Port *port = attached(argument);
    (void)module;
    if (port == NULL)
        return NULL;
    struct batch *batch = port->batch;
    /* An error is either "nothing to read" or an unreachable destination reported late. */
    int count = recvmmsg(batch->descriptor, batch->in, BATCH, MSG_DONTWAIT, NULL);
    struct timespec real;
    clock_gettime(CLOCK_REALTIME, &real);
    port->read_at = (long long)real.tv_sec * 1000000000 + real.tv_nsec;
    port->received += count > 0 ? (unsigned)count : 0;
    return PyLong_FromLong(count > 0 ? count : 0);
}

static PyObject *loop_send(PyObject *module, PyObject *argument)
{
    Port *port = attached(argument);
    (void)module;
    if (port == NULL)
        return NULL;
    send_all(port);
    Py_RETURN_NONE;
}

/* forward(port, by_address, first, count, now, send_time): handle datagrams first..count - 1 of the
   last batch. Returns -1 when all are done, else index << 16 | length of the one for Python to
   handle; length 0 means that it is still protected. */
static PyObject *loop_forward(PyObject *module, PyObject *const *arguments, Py_ssize_t total)
{
    (void)module;
    if (total != 6 || !PyDict_CheckExact(arguments[1])) {
        PyErr_SetString(PyExc_TypeError, "forward(port, by_address, first, count, now, send_time)");
        return NULL;
    }
    Port *port = attached(arguments[0]);
    long index = PyLong_AsLong(arguments[2]), count = PyLong_AsLong(arguments[3]);
    double now = PyFloat_AsDouble(arguments[4]);
    unsigned long number = PyLong_AsUnsignedLong(arguments[5]);
    if (port == NULL || PyErr_Occurred())
        return NULL;
    if (index < 0 || count > BATCH || protect == NULL || unprotect == NULL) {
        PyErr_SetString(PyExc_ValueError, "no such datagrams, or nothing to unprotect them with");
        return NULL;
    }
    const uint8_t send_time[3] = {(uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    struct batch *batch = port->batch;
    const uint8_t *last = NULL;
    Peer *peer = NULL;
    int outcome = DONE;
    for (; index < count && outcome == DONE; index++) {
        const uint8_t *address = batch->addresses + index * ADDRESS_SPACE;
        if (last == NULL || memcmp(address, last, batch->address_size) != 0) {
            Py_XDECREF((PyObject *)peer);
            peer = find_peer(arguments[1], address, (Py_ssize_t)batch->address_size);
            Py_XINCREF((PyObject *)peer);
        }
        last = address;
        outcome = handle(peer, batch->incoming + index * SLOT, (int)batch->in[index].msg_len,
                       now - age(port, (int)index), send_time);
    }
    Py_XDECREF((PyObject *)peer);
    if (outcome == DONE)
        return PyLong_FromLong(-1);
    return PyLong_FromLong((index - 1) << 16 | (outcome == UNTOUCHED ? 0 : outcome));
}

static PyMethodDef methods[] = {
    {"bind", loop_bind, METH_VARARGS, "bind(protect, unprotect): addresses of libsrtp's functions"},
    {"receive", loop_receive, METH_O, "receive(port): read a batch; the number of datagrams"},
    {"send", loop_send, METH_O, "send(port): send what is queued"},
    {"forward", (PyCFunction)(void (*)(void))loop_forward, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "media.native._native", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && (PyModule_AddIntConstant(module, "INTERFACE", INTERFACE) < 0 ||
                           add_types(module) < 0))
        Py_CLEAR(module);
    return module;
}
