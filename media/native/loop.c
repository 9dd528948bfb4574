/* The loop as Python sees it: a thread that it starts and stops and whose lock it holds, or, where
   no thread is used, functions that handle one batch in the caller's thread. */

#include "structures.h"

#include "forward.h"
#include "send.h"
#include "thread.h"
#include "types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    INTERFACE = 10, /* raised with every change that media/native/__init__.py must know of */
};

static Port *attached(PyObject *object)
{
    if (PyObject_TypeCheck(object, port_type) && ((Port *)object)->batch != NULL)
        return (Port *)object;
    PyErr_SetString(PyExc_TypeError, "an attached port is needed");
    return NULL;
}

/* ---- the loop ---- */

static PyObject *Loop_new(PyTypeObject *type, PyObject *arguments, PyObject *Py_UNUSED(named))
{
    PyObject *routes;
    if (!PyArg_ParseTuple(arguments, "O", &routes))
        return NULL;
    if (!PyObject_TypeCheck(routes, routes_type)) {
        PyErr_SetString(PyExc_TypeError, "Loop(routes by address)");
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Loop *self = (Loop *)allocate(type, 0);
    if (self == NULL)
        return NULL;
    Py_INCREF(routes);
    self->by_address = (Routes *)routes;
    self->wake = self->stop = -1;
    lock_init(&self->lock);
    return (PyObject *)self;
}

static int Loop_traverse(PyObject *object, visitproc visit, void *arg)
{
    Loop *self = (Loop *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->by_address);
    Py_VISIT(self->ports);
    return 0;
}

static int Loop_clear(PyObject *object)
{
    Loop *self = (Loop *)object;
    /* A thread may still follow these: whoever starts one keeps the loop until it is stopped. */
    if (self->running)
        return 0;
    self->port_count = 0;
    Py_CLEAR(self->by_address);
    Py_CLEAR(self->ports);
    return 0;
}

static void Loop_dealloc(PyObject *object)
{
    Loop *self = (Loop *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    if (self->running) {
        lock_release(&self->lock);
        stop_thread(self);
    }
    Loop_clear(object);
    lock_destroy(&self->lock);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static PyObject *failure(int number)
{
    errno = number;
    return PyErr_SetFromErrno(PyExc_OSError);
}

static int give_reader(Port *port)
{
    struct reader *reader = port->batch->reader;
    if (reader == NULL) {
        reader = calloc(1, sizeof *reader);
        if (reader == NULL)
            return -1;
        reader->octets = malloc(BATCH * sizeof *reader->octets);
        if (reader->octets == NULL) {
            free(reader);
            return -1;
        }
        port->batch->reader = reader;
    }
    for (int i = 0; i < BATCH; i++) {
        reader->vectors[i] = (struct iovec){reader->octets[i], TRAIN};
        reader->in[i].msg_hdr = (struct msghdr){
            .msg_name = reader->addresses[i],
            .msg_namelen = (socklen_t)port->batch->address_size,
            .msg_iov = &reader->vectors[i],
            .msg_iovlen = 1,
            .msg_control = &reader->beside[i],
            .msg_controllen = sizeof reader->beside[i],
        };
    }
    return 0;
}

/* Have the kernel hand over datagrams of one sender and size that came together as one (udp(7),
   UDP_GRO), where it can. Only the loop reads what has several. */
static void take_trains(const Loop *self, int on)
{
    for (int i = 0; i < self->port_count; i++)
        setsockopt(self->served[i]->batch->descriptor, IPPROTO_UDP, UDP_TRAIN, &on, sizeof on);
}

/* start(ports): serve these in a thread, until stop. Returns the descriptor that is readable when
   there is something for Python. The caller's thread holds the lock from now on. */
static PyObject *loop_start(PyObject *object, PyObject *ports)
{
    Loop *self = (Loop *)object;
    if (self->running || protect == NULL || unprotect == NULL || !PyTuple_CheckExact(ports) ||
        PyTuple_Size(ports) > MOST_PORTS) {
        PyErr_SetString(PyExc_ValueError, "started already, not bound, or too many ports");
        return NULL;
    }
    int count = (int)PyTuple_Size(ports);
    for (int i = 0; i < count; i++) {
        Port *port = attached(PyTuple_GetItem(ports, i));
        if (port == NULL)
            return NULL;
        if (give_reader(port) < 0)
            return PyErr_NoMemory();
        self->served[i] = port;
    }
    Py_INCREF(ports);
    Py_XDECREF(self->ports);
    self->ports = ports;
    self->port_count = count;
    take_trains(self, 1);
    int failed = start_thread(self);
    return failed ? failure(failed) : PyLong_FromLong(self->wake);
}

static PyObject *loop_stop(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    Loop *self = (Loop *)object;
    if (self->running) {
        lock_release(&self->lock);
        Py_BEGIN_ALLOW_THREADS
        stop_thread(self);
        Py_END_ALLOW_THREADS
        take_trains(self, 0);
    }
    Py_RETURN_NONE;
}

static PyObject *loop_release(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    lock_release(&((Loop *)object)->lock);
    Py_RETURN_NONE;
}

static long long nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void acquire(Loop *self)
{
    long long since = nanoseconds();
    if (!lock_try(&self->lock)) {
        Py_BEGIN_ALLOW_THREADS
        lock_acquire(&self->lock);
        Py_END_ALLOW_THREADS
    }
    self->held_since = nanoseconds();
    self->waited = self->held_since - since;
}

static PyObject *loop_acquire(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    acquire((Loop *)object);
    Py_RETURN_NONE;
}

/* Whether the thread waits for its turn. */
static PyObject *loop_wanted(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    Loop *self = (Loop *)object;
    return PyBool_FromLong(self->running && lock_wanted(&self->lock));
}

/* Let the thread have its turn if it waits for one; but not before Python has held the lock for as long
   as it waited for it, so that it gets half of the time. On an overloaded machine, where either of the
   two waits long for a processor, its work would take many times as long otherwise. */
static PyObject *loop_offer(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    Loop *self = (Loop *)object;
    if (self->running && lock_wanted(&self->lock) &&
        nanoseconds() - self->held_since >= self->waited) {
        lock_release(&self->lock);
        acquire(self);
    }
    Py_RETURN_NONE;
}

/* To be called once before what was set aside is taken. */
static PyObject *loop_woken(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    Loop *self = (Loop *)object;
    uint64_t times;
    if (self->running && self->woken && read(self->wake, &times, sizeof times) > 0)
        self->woken = 0;
    Py_RETURN_NONE;
}

/* take(port, most): move that much of what was set aside, a batch at most, into the port's buffers.
   Returns the kind of each, PROTECTED, PLAIN or GAP, and when each arrived, as doubles. */
static PyObject *loop_take(PyObject *object, PyObject *arguments)
{
    uint8_t kinds[BATCH];
    double arrivals[BATCH];
    PyObject *given;
    int most;
    (void)object;
    if (!PyArg_ParseTuple(arguments, "Oi", &given, &most))
        return NULL;
    Port *port = attached(given);
    if (port == NULL)
        return NULL;
    int count = port->batch->reader != NULL ? take_aside(port, most, kinds, arrivals) : 0;
    return Py_BuildValue("(y#y#)", kinds, (Py_ssize_t)count, arrivals,
                         (Py_ssize_t)count * (Py_ssize_t)sizeof(double));
}

/* hold(port, stream): leave its packets to Python until all that is set aside on the port now has
   been taken. To be called when a stream is new: its first packets may be among that. */
static PyObject *loop_hold(PyObject *object, PyObject *arguments)
{
    PyObject *given, *stream;
    (void)object;
    if (!PyArg_ParseTuple(arguments, "OO", &given, &stream))
        return NULL;
    Port *port = attached(given);
    if (port == NULL)
        return NULL;
    if (!PyObject_TypeCheck(stream, inbound_type)) {
        PyErr_SetString(PyExc_TypeError, "a stream is needed");
        return NULL;
    }
    struct reader *reader = port->batch->reader;
    ((InboundStream *)stream)->behind_in = reader;
    ((InboundStream *)stream)->behind = reader != NULL ? reader->put : 0;
    Py_RETURN_NONE;
}

static Port *port_and_time(PyObject *object, PyObject *arguments, int *count, double *now)
{
    PyObject *given;
    if (!PyArg_ParseTuple(arguments, count != NULL ? "Odi" : "Od", &given, now, count))
        return NULL;
    Port *port = attached(given);
    if (port == NULL)
        return NULL;
    if (((Loop *)object)->running || protect == NULL || unprotect == NULL) {
        PyErr_SetString(PyExc_ValueError, "a thread does this, or there is nothing to unprotect with");
        return NULL;
    }
    if (port->batch->reader == NULL && give_reader(port) < 0) {
        PyErr_NoMemory();
        return NULL;
    }
    return port;
}

/* serve(port, now): read a batch and handle it, as the thread does where there is one. Returns the
   number of datagrams. */
static PyObject *loop_serve(PyObject *object, PyObject *arguments)
{
    double now;
    Port *port = port_and_time(object, arguments, NULL, &now);
    if (port == NULL)
        return NULL;
    /* An error is either "nothing to read" or an unreachable destination reported late. */
    int count = recvmmsg(port->batch->descriptor, port->batch->reader->in, BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0)
        return PyLong_FromLong(0);
    struct timespec real;
    clock_gettime(CLOCK_REALTIME, &real);
    unsigned long long before = ((Loop *)object)->handled;
    for (int next = 0; next < count;)
        next = handle_batch((Loop *)object, port, next, count, now,
                            (long long)real.tv_sec * 1000000000 + real.tv_nsec);
    port->received += ((Loop *)object)->handled - before;
    return PyLong_FromLong(count);
}

/* step(port, now, count): handle what is in the port's own buffers as if it had just been read. */
static PyObject *loop_step(PyObject *object, PyObject *arguments)
{
    double now;
    int count;
    Port *port = port_and_time(object, arguments, &count, &now);
    if (port == NULL)
        return NULL;
    struct batch *batch = port->batch;
    for (int i = 0; i < count && i < BATCH; i++) {
        batch->reader->in[i].msg_len = batch->in[i].msg_len;
        batch->reader->in[i].msg_hdr.msg_controllen = batch->in[i].msg_hdr.msg_controllen;
        memcpy(&batch->reader->beside[i], batch->in[i].msg_hdr.msg_control, STAMP_SPACE);
        memcpy(batch->reader->addresses[i], batch->addresses + i * ADDRESS_SPACE, ADDRESS_SPACE);
        memcpy(batch->reader->octets[i], batch->incoming + i * SLOT, SLOT);
    }
    handle_batch((Loop *)object, port, 0, count < BATCH ? count : BATCH, now, port->read_at);
    Py_RETURN_NONE;
}

#define MEMBER(kind, name) {#name, kind, offsetof(Loop, name), READONLY, NULL}


static PyMemberDef loop_members[] = {
    MEMBER(T_INT, running),
    MEMBER(T_INT, failed),
    MEMBER(T_ULONGLONG, handled),
    MEMBER(T_ULONGLONG, set_aside),
    MEMBER(T_ULONGLONG, dropped),
    MEMBER(T_ULONGLONG, strangers),
    MEMBER(T_ULONGLONG, batches),
    MEMBER(T_ULONGLONG, coupled),
    MEMBER(T_ULONGLONG, wakes),
    MEMBER(T_LONGLONG, held_since),
    MEMBER(T_LONGLONG, waited),
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef loop_methods[] = {
    {"start", loop_start, METH_O, NULL},
    {"stop", loop_stop, METH_NOARGS, NULL},
    {"acquire", loop_acquire, METH_NOARGS, NULL},
    {"release", loop_release, METH_NOARGS, NULL},
    {"wanted", loop_wanted, METH_NOARGS, NULL},
    {"offer", loop_offer, METH_NOARGS, NULL},
    {"woken", loop_woken, METH_NOARGS, NULL},
    {"take", loop_take, METH_VARARGS, NULL},
    {"hold", loop_hold, METH_VARARGS, NULL},
    {"serve", loop_serve, METH_VARARGS, NULL},
    {"step", loop_step, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot loop_slots[] = {
    {Py_tp_new, Loop_new},         {Py_tp_traverse, Loop_traverse}, {Py_tp_clear, Loop_clear},
    {Py_tp_dealloc, Loop_dealloc}, {Py_tp_members, loop_members},   {Py_tp_methods, loop_methods},
    {0, NULL},
};

static PyType_Spec loop_spec = {
    "media.native._native.Loop", sizeof(Loop), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    loop_slots,
};

/* ---- the module ---- */

static PyObject *native_bind(PyObject *module, PyObject *arguments)
{
    unsigned long long protecting, unprotecting, protecting_rtcp;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "KKK", &protecting, &unprotecting, &protecting_rtcp))
        return NULL;
    protect = (cipher)(uintptr_t)protecting;
    unprotect = (cipher)(uintptr_t)unprotecting;
    protect_rtcp = (cipher)(uintptr_t)protecting_rtcp;
    Py_RETURN_NONE;
}

static PyObject *native_receive(PyObject *module, PyObject *argument)
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

static PyObject *native_send(PyObject *module, PyObject *argument)
{
    Port *port = attached(argument);
    (void)module;
    if (port == NULL)
        return NULL;
    send_all(port);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"bind", native_bind, METH_VARARGS, "bind(protect, unprotect, protect_rtcp): where libsrtp has them"},
    {"receive", native_receive, METH_O, "receive(port): read a batch; the number of datagrams"},
    {"send", native_send, METH_O, "send(port): send what is queued"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "media.native._native", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void)
{
    PyObject *module = PyModule_Create(&definition);
    PyObject *loop = NULL;
    if (module == NULL || PyModule_AddIntConstant(module, "INTERFACE", INTERFACE) < 0 ||
        add_types(module) < 0 || (loop = PyType_FromSpec(&loop_spec)) == NULL ||
        PyModule_AddType(module, (PyTypeObject *)loop) < 0)
        Py_CLEAR(module);
    Py_XDECREF(loop);
    return module;
}
