/* The structures as Python types: each takes the place of the Python class of its name. */

#include "types.h"

#include "feedback.h"
#include "forward.h"
#include "plan.h"
#include "send.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

PyTypeObject *port_type, *destination_type, *outbound_type, *inbound_type, *peer_type,
    *history_type, *routes_type;

#define MEMBER(kind, type, name) {#name, kind, offsetof(type, name), 0, NULL}
#define PROPERTY(type, name) {#name, type##_get_##name, type##_set_##name, NULL, NULL}

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
        (void)self;                                                                      \
        Py_VISIT(Py_TYPE(object));                                                       \
        visits;                                                                          \
        return 0;                                                                        \
    }                                                                                    \
    static int type##_clear(PyObject *object)                                            \
    {                                                                                    \
        type *self = (type *)object;                                                     \
        (void)self;                                                                      \
        clears;                                                                          \
        return 0;                                                                        \
    }                                                                                    \
    static void type##_dealloc(PyObject *object)                                         \
    {                                                                                    \
        PyObject_GC_UnTrack(object);                                                     \
        type##_clear(object);                                                            \
        type##_free((type *)object);                                                     \
        release(object);                                                                 \
    }

/* A property that holds an object of one of our types, or None. */
#define TYPED(type, name, wanted)                                                        \
    static PyObject *type##_get_##name(PyObject *object, void *closure)                  \
    {                                                                                    \
        PyObject *value = (PyObject *)((type *)object)->name;                            \
        (void)closure;                                                                   \
        value = value != NULL ? value : Py_None;                                         \
        Py_INCREF(value);                                                                \
        return value;                                                                    \
    }                                                                                    \
    static int type##_set_##name(PyObject *object, PyObject *value, void *closure)       \
    {                                                                                    \
        type *self = (type *)object;                                                     \
        PyObject *before = (PyObject *)self->name;                                       \
        (void)closure;                                                                   \
        if (value == NULL || (value != Py_None && !PyObject_TypeCheck(value, wanted))) { \
            PyErr_SetString(PyExc_TypeError, #name " is of another type");               \
            return -1;                                                                   \
        }                                                                                \
        value = value != Py_None ? value : NULL;                                         \
        Py_XINCREF(value);                                                               \
        self->name = (void *)value;                                                      \
        Py_XDECREF(before);                                                              \
        return 0;                                                                        \
    }

/* ---- ports ---- */

static void Port_free(Port *self)
{
    if (self->batch != NULL && self->batch->reader != NULL)
        free(self->batch->reader->octets);
    if (self->batch != NULL)
        free(self->batch->reader);
    free(self->batch);
}

COLLECTED(Port, Py_VISIT(self->owner), Py_CLEAR(self->owner))

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
    self->generation = 1;
    Py_RETURN_NONE;
}

static PyObject *port_push(PyObject *object, PyObject *arguments)
{
    Port *self = (Port *)object;
    int slot, length;
    PyObject *destination;
    if (!PyArg_ParseTuple(arguments, "iiO", &slot, &length, &destination))
        return NULL;
    if (self->batch == NULL || slot < 0 || slot >= self->used || slot >= OUTGOING || length < 0 ||
        length > SLOT || !PyObject_TypeCheck(destination, destination_type)) {
        PyErr_SetString(PyExc_ValueError, "not a slot that was given out, or no destination");
        return NULL;
    }
    push(self, slot, length, (Destination *)destination);
    Py_RETURN_NONE;
}

/* [(packed address, [slot << 16 | length, ...]), ...], one for each destination. */
static PyObject *port_take_queued(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    Port *self = (Port *)object;
    struct batch *batch = self->batch;
    PyObject *queued = PyList_New(0);
    for (int i = 0; queued != NULL && batch != NULL && i < batch->destinations; i++) {
        PyObject *entries = PyList_New(0);
        for (int slot = batch->firsts[i]; entries != NULL && slot >= 0; slot = batch->next[slot]) {
            PyObject *entry = PyLong_FromLong((long)slot << 16 | batch->lengths[slot]);
            if (entry == NULL || PyList_Append(entries, entry) < 0)
                Py_CLEAR(entries);
            Py_XDECREF(entry);
        }
        PyObject *pair = entries != NULL ? Py_BuildValue("(y#O)", batch->to[i],
                                                         (Py_ssize_t)batch->to_sizes[i], entries)
                                         : NULL;
        if (pair == NULL || PyList_Append(queued, pair) < 0)
            Py_CLEAR(queued);
        Py_XDECREF(pair);
        Py_XDECREF(entries);
    }
    if (queued != NULL && batch != NULL)
        empty_queue(self);
    return queued;
}

static PyMemberDef Port_members[] = {
    MEMBER(T_INT, Port, used),
    MEMBER(T_BOOL, Port, segmentation),
    MEMBER(T_ULONGLONG, Port, received),
    MEMBER(T_ULONGLONG, Port, sent),
    MEMBER(T_ULONGLONG, Port, refused),
    MEMBER(T_ULONGLONG, Port, segmented),
    MEMBER(T_LONGLONG, Port, read_at),
    {NULL, 0, 0, 0, NULL},
};
static PyMethodDef Port_methods[] = {
    {"attach", port_attach, METH_VARARGS, NULL},
    {"push", port_push, METH_VARARGS, NULL},
    {"take_queued", port_take_queued, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef Port_properties[] = {{NULL, NULL, NULL, NULL, NULL}};

/* ---- destinations ---- */

static void Destination_free(Destination *self)
{
    (void)self;
}

COLLECTED(Destination, Py_VISIT(self->port), Py_CLEAR(self->port))
TYPED(Destination, port, port_type)

static PyObject *Destination_get_address(PyObject *object, void *closure)
{
    const Destination *self = (Destination *)object;
    (void)closure;
    return PyBytes_FromStringAndSize((const char *)self->address, self->address_size);
}

static int Destination_set_address(PyObject *object, PyObject *value, void *closure)
{
    Destination *self = (Destination *)object;
    (void)closure;
    if (value == NULL || !PyBytes_CheckExact(value) || PyBytes_Size(value) > ADDRESS_SPACE) {
        PyErr_SetString(PyExc_TypeError, "address is a packed address");
        return -1;
    }
    self->address_size = (uint8_t)PyBytes_Size(value);
    memcpy(self->address, PyBytes_AsString(value), self->address_size);
    /* What is queued from now on goes elsewhere. */
    self->generation = 0;
    return 0;
}

static PyMemberDef Destination_members[] = {{NULL, 0, 0, 0, NULL}};
static PyMethodDef Destination_methods[] = {{NULL, NULL, 0, NULL}};
static PyGetSetDef Destination_properties[] = {
    PROPERTY(Destination, port),
    PROPERTY(Destination, address),
    {NULL, NULL, NULL, NULL, NULL},
};

/* ---- outbound streams ---- */

static void OutboundStream_free(OutboundStream *self)
{
    (void)self;
}

COLLECTED(OutboundStream, Py_VISIT(self->destination), Py_CLEAR(self->destination))
TYPED(OutboundStream, destination, destination_type)

static PyMemberDef OutboundStream_members[] = {
    MEMBER(T_ULONGLONG, OutboundStream, session),
    MEMBER(T_UINT, OutboundStream, ssrc),
    MEMBER(T_UINT, OutboundStream, sequence_offset),
    MEMBER(T_UINT, OutboundStream, timestamp_offset),
    MEMBER(T_BOOL, OutboundStream, rewrites_descriptor),
    MEMBER(T_UINT, OutboundStream, declined),
    MEMBER(T_INT, OutboundStream, picture_id_offset),
    MEMBER(T_INT, OutboundStream, tl0picidx_offset),
    MEMBER(T_ULONGLONG, OutboundStream, packets),
    MEMBER(T_ULONGLONG, OutboundStream, octets),
    MEMBER(T_ULONGLONG, OutboundStream, payload_octets),
    {NULL, 0, 0, 0, NULL},
};
static PyMethodDef OutboundStream_methods[] = {{NULL, NULL, 0, NULL}};
static PyGetSetDef OutboundStream_properties[] = {
    PROPERTY(OutboundStream, destination),
    {NULL, NULL, NULL, NULL, NULL},
};

/* ---- histories ---- */

static void History_free(History *self)
{
    history_clear(&self->kept);
}

COLLECTED(History, , )

static PyObject *history_store_packet(PyObject *object, PyObject *arguments)
{
    unsigned int sequence;
    const char *packet;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(arguments, "Iy#", &sequence, &packet, &length))
        return NULL;
    if (length > SLOT) {
        PyErr_SetString(PyExc_ValueError, "longer than any packet");
        return NULL;
    }
    history_store(&((History *)object)->kept, sequence, (const uint8_t *)packet, (int)length);
    Py_RETURN_NONE;
}

static PyObject *history_find_packet(PyObject *object, PyObject *argument)
{
    unsigned long sequence = PyLong_AsUnsignedLong(argument);
    if (PyErr_Occurred())
        return NULL;
    const struct kept *kept = history_find(&((History *)object)->kept, (unsigned)sequence);
    if (kept == NULL)
        Py_RETURN_NONE;
    return PyBytes_FromStringAndSize((const char *)kept->octets, kept->length);
}

static PyObject *history_forget_packet(PyObject *object, PyObject *argument)
{
    unsigned long sequence = PyLong_AsUnsignedLong(argument);
    if (PyErr_Occurred())
        return NULL;
    history_forget(&((History *)object)->kept, (unsigned)sequence);
    Py_RETURN_NONE;
}

static PyMemberDef History_members[] = {{NULL, 0, 0, 0, NULL}};
static PyMethodDef History_methods[] = {
    {"store", history_store_packet, METH_VARARGS, NULL},
    {"find", history_find_packet, METH_O, NULL},
    {"forget", history_forget_packet, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef History_properties[] = {{NULL, NULL, NULL, NULL, NULL}};

/* ---- inbound streams ---- */

static void InboundStream_free(InboundStream *self)
{
    free(self->followers);
}

static void forget_followers(InboundStream *self)
{
    /* Before they are released: nothing may lead to an object that is gone. */
    self->follower_count = self->waiting_count = 0;
    Py_CLEAR(self->outbound_streams);
    Py_CLEAR(self->waiting);
}

COLLECTED(InboundStream,
          Py_VISIT(self->layout); Py_VISIT(self->history); Py_VISIT(self->outbound_streams);
          Py_VISIT(self->waiting),
          Py_CLEAR(self->layout); Py_CLEAR(self->history); forget_followers(self))
TYPED(InboundStream, history, history_type)

static PyObject *stored(PyObject *value)
{
    value = value != NULL ? value : Py_None;
    Py_INCREF(value);
    return value;
}

static int replace(PyObject **place, PyObject *value)
{
    PyObject *before = *place;
    Py_INCREF(value);
    *place = value;
    Py_XDECREF(before);
    return 0;
}

static PyObject *InboundStream_get_layout(PyObject *object, void *closure)
{
    (void)closure;
    return stored(((InboundStream *)object)->layout);
}

static int InboundStream_set_layout(PyObject *object, PyObject *value, void *closure)
{
    InboundStream *self = (InboundStream *)object;
    (void)closure;
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "layout cannot be deleted");
        return -1;
    }
    replace(&self->layout, value);
    make_plan(self);
    return 0;
}

static PyObject *InboundStream_get_outbound_streams(PyObject *object, void *closure)
{
    (void)closure;
    return stored(((InboundStream *)object)->outbound_streams);
}

static int InboundStream_set_outbound_streams(PyObject *object, PyObject *value, void *closure)
{
    InboundStream *self = (InboundStream *)object;
    (void)closure;
    if (value == NULL || !PyTuple_CheckExact(value)) {
        PyErr_SetString(PyExc_TypeError, "outbound_streams is a tuple");
        return -1;
    }
    Py_ssize_t total = PyTuple_Size(value), count = 0;
    OutboundStream **followers = malloc(((size_t)total + 1) * sizeof *followers);
    if (followers == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < total; i++) {
        PyObject *follower = PyTuple_GetItem(value, i);
        if (PyObject_TypeCheck(follower, outbound_type))
            followers[count++] = (OutboundStream *)follower;
    }
    free(self->followers);
    self->followers = followers;
    self->follower_count = count;
    return replace(&self->outbound_streams, value);
}

static PyObject *InboundStream_get_waiting(PyObject *object, void *closure)
{
    (void)closure;
    return stored(((InboundStream *)object)->waiting);
}

static int InboundStream_set_waiting(PyObject *object, PyObject *value, void *closure)
{
    InboundStream *self = (InboundStream *)object;
    (void)closure;
    if (value == NULL || !PyTuple_CheckExact(value)) {
        PyErr_SetString(PyExc_TypeError, "waiting is a tuple");
        return -1;
    }
    self->waiting_count = PyTuple_Size(value);
    return replace(&self->waiting, value);
}

static PyMemberDef InboundStream_members[] = {
    MEMBER(T_INT, InboundStream, next_sequence),
    MEMBER(T_INT, InboundStream, payload_type),
    MEMBER(T_INT, InboundStream, clock_rate),
    MEMBER(T_UINT, InboundStream, timestamp),
    MEMBER(T_BOOL, InboundStream, keyframe_wanted),
    MEMBER(T_ULONGLONG, InboundStream, received),
    MEMBER(T_ULONGLONG, InboundStream, octets),
    MEMBER(T_DOUBLE, InboundStream, transit),
    MEMBER(T_DOUBLE, InboundStream, jitter),
    MEMBER(T_DOUBLE, InboundStream, last_seen),
    MEMBER(T_DOUBLE, InboundStream, began_at),
    {NULL, 0, 0, 0, NULL},
};
static PyMethodDef InboundStream_methods[] = {{NULL, NULL, 0, NULL}};
static PyGetSetDef InboundStream_properties[] = {
    PROPERTY(InboundStream, layout),
    PROPERTY(InboundStream, history),
    PROPERTY(InboundStream, outbound_streams),
    PROPERTY(InboundStream, waiting),
    {NULL, NULL, NULL, NULL, NULL},
};

/* ---- tables ---- */

static int visit_entries(const struct table *table, visitproc visit, void *arg)
{
    for (size_t i = 0; i < table->capacity; i++)
        Py_VISIT((PyObject *)table->entries[i].value);
    return 0;
}

static void Routes_free(Routes *self)
{
    (void)self;
}

static void clear_entries(struct table *table)
{
    struct table all = *table;
    table->entries = NULL;
    table->capacity = table->count = 0;
    for (size_t i = 0; i < all.capacity; i++)
        Py_XDECREF((PyObject *)all.entries[i].value);
    free(all.entries);
}

COLLECTED(Routes, int stopped = visit_entries(&self->entries, visit, arg); if (stopped) return stopped,
          clear_entries(&self->entries))

static PyObject *routes_put(PyObject *object, PyObject *arguments)
{
    struct table *table = &((Routes *)object)->entries;
    const char *key;
    Py_ssize_t size;
    PyObject *value;
    void *before = NULL;
    if (!PyArg_ParseTuple(arguments, "y#O", &key, &size, &value))
        return NULL;
    /* A peer is found by its address, a stream by its SSRC; so neither is taken for the other. */
    PyTypeObject *wanted = size == 4 ? inbound_type : peer_type;
    if (!PyObject_TypeCheck(value, wanted) || size > LONGEST_KEY) {
        PyErr_SetString(PyExc_TypeError, "neither a stream by SSRC nor a peer by address");
        return NULL;
    }
    if (table->seed == 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        table->seed = ((uint64_t)now.tv_nsec << 32 ^ (uint64_t)(uintptr_t)table) | 1;
    }
    if (table_put(table, (const uint8_t *)key, (size_t)size, value, &before) < 0)
        return PyErr_NoMemory();
    Py_INCREF(value);
    Py_XDECREF((PyObject *)before);
    Py_RETURN_NONE;
}

static PyObject *routes_remove(PyObject *object, PyObject *argument)
{
    if (!PyBytes_CheckExact(argument)) {
        PyErr_SetString(PyExc_TypeError, "a key is bytes");
        return NULL;
    }
    void *removed = table_remove(&((Routes *)object)->entries,
                                 (const uint8_t *)PyBytes_AsString(argument),
                                 (size_t)PyBytes_Size(argument));
    Py_XDECREF((PyObject *)removed);
    Py_RETURN_NONE;
}

static PyMemberDef Routes_members[] = {{NULL, 0, 0, 0, NULL}};
static PyMethodDef Routes_methods[] = {
    {"put", routes_put, METH_VARARGS, NULL},
    {"remove", routes_remove, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef Routes_properties[] = {{NULL, NULL, NULL, NULL, NULL}};

/* ---- peers ---- */

static void Peer_free(Peer *self)
{
    free(self->arrivals);
}

COLLECTED(Peer,
          Py_VISIT(self->inbound_streams); Py_VISIT(self->by_ssrc); Py_VISIT(self->destination),
          Py_CLEAR(self->inbound_streams); Py_CLEAR(self->by_ssrc); Py_CLEAR(self->destination))
TYPED(Peer, destination, destination_type)

static PyObject *Peer_get_inbound_streams(PyObject *object, void *closure)
{
    (void)closure;
    return stored(((Peer *)object)->inbound_streams);
}

static int Peer_set_inbound_streams(PyObject *object, PyObject *value, void *closure)
{
    Peer *self = (Peer *)object;
    (void)closure;
    PyObject *routes = value != NULL ? PyObject_GetAttrString(value, "routes") : NULL;
    if (routes == NULL || !PyObject_TypeCheck(routes, routes_type)) {
        Py_XDECREF(routes);
        PyErr_SetString(PyExc_TypeError, "inbound_streams is a mapping of media.native.lookup");
        return -1;
    }
    PyObject *before = (PyObject *)self->by_ssrc;
    self->by_ssrc = (Routes *)routes;
    Py_XDECREF(before);
    return replace(&self->inbound_streams, value);
}

static PyObject *peer_note_arrival(PyObject *object, PyObject *arguments)
{
    int number;
    double at;
    if (!PyArg_ParseTuple(arguments, "id", &number, &at))
        return NULL;
    note_arrival((Peer *)object, number, at);
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
    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *pair = Py_BuildValue("(id)", arrivals[i].number, arrivals[i].at);
        if (pair == NULL || PyList_Append(list, pair) < 0)
            Py_CLEAR(list);
        Py_XDECREF(pair);
    }
    free(arrivals);
    return list;
}

/* take_feedback(sender_ssrc, media_ssrc): a message on arrivals since the last one; empty if there
   were none. */
static PyObject *peer_take_feedback(PyObject *object, PyObject *arguments)
{
    unsigned int sender_ssrc, media_ssrc;
    uint8_t message[LONGEST_FEEDBACK];
    if (!PyArg_ParseTuple(arguments, "II", &sender_ssrc, &media_ssrc))
        return NULL;
    int length = take_feedback((Peer *)object, sender_ssrc, media_ssrc, message);
    return PyBytes_FromStringAndSize((const char *)message, length);
}

static PyObject *Peer_get_feedback_report(PyObject *object, void *closure)
{
    const Peer *self = (Peer *)object;
    (void)closure;
    return PyBytes_FromStringAndSize((const char *)self->feedback_report,
                                     self->feedback_report_size);
}

static int Peer_set_feedback_report(PyObject *object, PyObject *value, void *closure)
{
    Peer *self = (Peer *)object;
    (void)closure;
    if (value == NULL || !PyBytes_CheckExact(value) || PyBytes_Size(value) > LONGEST_REPORT) {
        PyErr_SetString(PyExc_TypeError, "feedback_report is a short report");
        return -1;
    }
    self->feedback_report_size = (int)PyBytes_Size(value);
    memcpy(self->feedback_report, PyBytes_AsString(value), (size_t)self->feedback_report_size);
    return 0;
}

static PyMemberDef Peer_members[] = {
    MEMBER(T_ULONGLONG, Peer, session),
    MEMBER(T_DOUBLE, Peer, octets_left),
    MEMBER(T_DOUBLE, Peer, octets_per_second),
    MEMBER(T_DOUBLE, Peer, octets_at_once),
    MEMBER(T_DOUBLE, Peer, refilled_at),
    MEMBER(T_ULONGLONG, Peer, received_octets),
    MEMBER(T_ULONGLONG, Peer, refused),
    MEMBER(T_ULONGLONG, Peer, over_limit),
    MEMBER(T_ULONGLONG, Peer, loudness),
    MEMBER(T_ULONGLONG, Peer, loudness_count),
    MEMBER(T_ULONGLONG, Peer, feedback_session),
    MEMBER(T_UINT, Peer, ssrc),
    {NULL, 0, 0, 0, NULL},
};
static PyMethodDef Peer_methods[] = {
    {"note_arrival", peer_note_arrival, METH_VARARGS, NULL},
    {"take_arrivals", peer_take_arrivals, METH_NOARGS, NULL},
    {"take_feedback", peer_take_feedback, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef Peer_properties[] = {
    PROPERTY(Peer, inbound_streams),
    PROPERTY(Peer, destination),
    PROPERTY(Peer, feedback_report),
    {NULL, NULL, NULL, NULL, NULL},
};

#define ADD(variable, type, name)                                                        \
    do {                                                                                 \
        PyType_Slot slots[] = {{Py_tp_traverse, type##_traverse},                        \
                               {Py_tp_clear, type##_clear},                              \
                               {Py_tp_dealloc, type##_dealloc},                          \
                               {Py_tp_members, type##_members},                          \
                               {Py_tp_methods, type##_methods},                          \
                               {Py_tp_getset, type##_properties},                        \
                               {0, NULL}};                                               \
        PyType_Spec spec = {"media.native._native." name, sizeof(type), 0,               \
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, \
                            slots};                                                      \
        variable = (PyTypeObject *)PyType_FromSpec(&spec);                               \
        if (variable == NULL || PyModule_AddType(module, variable) < 0)                  \
            return -1;                                                                   \
    } while (0)

int add_types(PyObject *module)
{
    ADD(port_type, Port, "PortState");
    ADD(destination_type, Destination, "DestinationState");
    ADD(outbound_type, OutboundStream, "OutboundStreamState");
    ADD(history_type, History, "History");
    ADD(inbound_type, InboundStream, "InboundStreamState");
    ADD(routes_type, Routes, "Routes");
    ADD(peer_type, Peer, "PeerState");
    return 0;
}
