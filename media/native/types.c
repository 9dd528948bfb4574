/* The structures as Python types: each takes the place of the Python class of its name. */

#include "structures.h"

#include <stddef.h>
#include <stdlib.h>

enum { MOST_ARRIVALS = 1 << 14 }; /* between two feedback messages; the excess goes unreported */

PyTypeObject *port_type, *destination_type, *outbound_type, *inbound_type, *peer_type;

#define MEMBER(kind, type, name) {#name, kind, offsetof(type, name), 0, NULL}

/* Freeing is the same for all: drop the references, then the memory, then the type. */
static void release(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release_memory = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release_memory(self);
    Py_DECREF(type);
}

#define COLLECTED(type, visits, clears)                                                  \
    static int type##_traverse(PyObject *object, visitproc visit, void *arg)             \
    {                                                                                    \
        type *self = (type *)object;                                                     \
        Py_VISIT(Py_TYPE(object));                                                       \
        visits;                                                                          \
        return 0;                                                                        \
    }                                                                                    \
    static int type##_clear(PyObject *object)                                            \
    {                                                                                    \
        type *self = (type *)object;                                                     \
        clears;                                                                          \
        return 0;                                                                        \
    }

COLLECTED(Port, Py_VISIT(self->touched); Py_VISIT(self->owner),
          Py_CLEAR(self->touched); Py_CLEAR(self->owner))
COLLECTED(Destination, Py_VISIT(self->port); Py_VISIT(self->pending),
          Py_CLEAR(self->port); Py_CLEAR(self->pending))
COLLECTED(OutboundStream, Py_VISIT(self->destination), Py_CLEAR(self->destination))
COLLECTED(InboundStream,
          Py_VISIT(self->layout); Py_VISIT(self->history); Py_VISIT(self->outbound_streams);
          Py_VISIT(self->waiting); Py_VISIT(self->planned),
          Py_CLEAR(self->layout); Py_CLEAR(self->history); Py_CLEAR(self->outbound_streams);
          Py_CLEAR(self->waiting); Py_CLEAR(self->planned))
COLLECTED(Peer, Py_VISIT(self->inbound_streams), Py_CLEAR(self->inbound_streams))

#define FREED(type, more)                                                                \
    static void type##_dealloc(PyObject *object)                                         \
    {                                                                                    \
        PyObject_GC_UnTrack(object);                                                     \
        type##_clear(object);                                                            \
        more;                                                                            \
        release(object);                                                                 \
    }

FREED(Port, free(((Port *)object)->batch))
FREED(Destination, )
FREED(OutboundStream, )
FREED(InboundStream, )
FREED(Peer, free(((Peer *)object)->arrivals))

/* attach(descriptor, address_size, headers, addresses, incoming, outgoing, owner): serve this
   socket with the memory at these pointers, which lives as long as owner: BATCH message headers
   prepared to receive into incoming, their source addresses, and OUTGOING slots to send from. */
static PyObject *port_attach(PyObject *object, PyObject *arguments)
{
    Port *self = (Port *)object;
    int descriptor, address_size;
    unsigned long long headers, addresses, incoming, outgoing;
    PyObject *owner;
    if (!PyArg_ParseTuple(arguments, "iiKKKKO", &descriptor, &address_size, &headers, &addresses,
                          &incoming, &outgoing, &owner))
        return NULL;
    if (address_size < 16 || address_size > ADDRESS_SPACE || self->batch != NULL) {
        PyErr_SetString(PyExc_ValueError, "no size of an address, or attached already");
        return NULL;
    }
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return PyErr_NoMemory();
    batch->descriptor = descriptor;
    batch->address_size = (size_t)address_size;
    batch->in = pointer(headers);
    batch->addresses = pointer(addresses);
    batch->incoming = pointer(incoming);
    batch->outgoing = pointer(outgoing);
    Py_INCREF(owner);
    self->owner = owner;
    self->batch = batch;
    Py_RETURN_NONE;
}

void note_arrival(Peer *peer, int number, double now)
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
    peer->arrivals[peer->arrived].at = now;
    peer->arrivals[peer->arrived].number = number;
    peer->arrived++;
}

static PyObject *peer_note_arrival(PyObject *object, PyObject *arguments)
{
    int number;
    double now;
    if (!PyArg_ParseTuple(arguments, "id", &number, &now))
        return NULL;
    note_arrival((Peer *)object, number, now);
    Py_RETURN_NONE;
}

static PyObject *peer_take_arrivals(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    Peer *self = (Peer *)object;
    struct arrival *arrivals = self->arrivals;
    size_t count = self->arrived;
    /* Taken before anything is allocated: a collection could run code that notes more. */
    self->arrivals = NULL;
    self->arrived = self->capacity = 0;
    PyObject *list = PyList_New(0);
    PyObject *moment = NULL;
    double last = -1.0;
    for (size_t i = 0; list != NULL && i < count; i++) {
        if (moment == NULL || arrivals[i].at != last) {
            Py_XDECREF(moment);
            last = arrivals[i].at;
            moment = PyFloat_FromDouble(last);
        }
        PyObject *pair = moment != NULL ? Py_BuildValue("(iO)", arrivals[i].number, moment) : NULL;
        if (pair == NULL || PyList_Append(list, pair) < 0)
            Py_CLEAR(list);
        Py_XDECREF(pair);
    }
    Py_XDECREF(moment);
    free(arrivals);
    return list;
}

static PyMemberDef port_members[] = {
    MEMBER(T_OBJECT, Port, touched),
    MEMBER(T_INT, Port, used),
    MEMBER(T_BOOL, Port, segmentation),
    MEMBER(T_ULONGLONG, Port, received),
    MEMBER(T_ULONGLONG, Port, sent),
    MEMBER(T_ULONGLONG, Port, refused),
    MEMBER(T_ULONGLONG, Port, segmented),
    MEMBER(T_LONGLONG, Port, read_at),
    {NULL, 0, 0, 0, NULL},
};
static PyMethodDef port_methods[] = {
    {"attach", port_attach, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMemberDef destination_members[] = {
    MEMBER(T_OBJECT, Destination, port),
    MEMBER(T_OBJECT, Destination, pending),
    MEMBER(T_ULONGLONG, Destination, address_pointer),
    MEMBER(T_UINT, Destination, address_length),
    {NULL, 0, 0, 0, NULL},
};
static PyMemberDef outbound_members[] = {
    MEMBER(T_OBJECT, OutboundStream, destination),
    MEMBER(T_ULONGLONG, OutboundStream, session),
    MEMBER(T_UINT, OutboundStream, ssrc),
    MEMBER(T_UINT, OutboundStream, sequence_offset),
    MEMBER(T_UINT, OutboundStream, timestamp_offset),
    MEMBER(T_BOOL, OutboundStream, rewrites_descriptor),
    MEMBER(T_INT, OutboundStream, picture_id_offset),
    MEMBER(T_INT, OutboundStream, tl0picidx_offset),
    MEMBER(T_ULONGLONG, OutboundStream, packets),
    MEMBER(T_ULONGLONG, OutboundStream, octets),
    MEMBER(T_ULONGLONG, OutboundStream, payload_octets),
    {NULL, 0, 0, 0, NULL},
};
static PyMemberDef inbound_members[] = {
    MEMBER(T_OBJECT, InboundStream, layout),
    MEMBER(T_OBJECT, InboundStream, history),
    MEMBER(T_OBJECT, InboundStream, outbound_streams),
    MEMBER(T_OBJECT, InboundStream, waiting),
    MEMBER(T_INT, InboundStream, next_sequence),
    MEMBER(T_INT, InboundStream, payload_type),
    MEMBER(T_INT, InboundStream, clock_rate),
    MEMBER(T_UINT, InboundStream, timestamp),
    MEMBER(T_BOOL, InboundStream, keyframe_wanted),
    MEMBER(T_ULONGLONG, InboundStream, received),
    MEMBER(T_ULONGLONG, InboundStream, octets),
    MEMBER(T_DOUBLE, InboundStream, transit),
    MEMBER(T_DOUBLE, InboundStream, jitter),
    {NULL, 0, 0, 0, NULL},
};
static PyMemberDef peer_members[] = {
    MEMBER(T_OBJECT, Peer, inbound_streams),
    MEMBER(T_ULONGLONG, Peer, session),
    MEMBER(T_DOUBLE, Peer, octets_left),
    MEMBER(T_ULONGLONG, Peer, received_octets),
    MEMBER(T_ULONGLONG, Peer, refused),
    MEMBER(T_ULONGLONG, Peer, over_limit),
    MEMBER(T_ULONGLONG, Peer, loudness),
    MEMBER(T_ULONGLONG, Peer, loudness_count),
    {NULL, 0, 0, 0, NULL},
};
static PyMethodDef peer_methods[] = {
    {"note_arrival", peer_note_arrival, METH_VARARGS, NULL},
    {"take_arrivals", peer_take_arrivals, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMethodDef no_methods[] = {{NULL, NULL, 0, NULL}};

#define ADD(variable, type, name, members, methods)                                      \
    do {                                                                                 \
        PyType_Slot slots[] = {{Py_tp_traverse, type##_traverse},                        \
                               {Py_tp_clear, type##_clear},                              \
                               {Py_tp_dealloc, type##_dealloc},                          \
                               {Py_tp_members, members},                                 \
                               {Py_tp_methods, methods},                                 \
                               {0, NULL}};                                               \
        PyType_Spec spec = {"media.native._native." name, sizeof(type), 0,                      \
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, \
                            slots};                                                      \
        variable = (PyTypeObject *)PyType_FromSpec(&spec);                               \
        if (variable == NULL || PyModule_AddType(module, variable) < 0)                  \
            return -1;                                                                   \
    } while (0)

int add_types(PyObject *module)
{
    ADD(port_type, Port, "PortState", port_members, port_methods);
    ADD(destination_type, Destination, "DestinationState", destination_members, no_methods);
    ADD(outbound_type, OutboundStream, "OutboundStreamState", outbound_members, no_methods);
    ADD(inbound_type, InboundStream, "InboundStreamState", inbound_members, no_methods);
    ADD(peer_type, Peer, "PeerState", peer_members, peer_methods);
    return 0;
}
