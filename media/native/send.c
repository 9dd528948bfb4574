/* What is queued on a port, handed to the kernel in one call where it can be. */

#include "structures.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum { UDP_SEGMENT_OPTION = 103 };

static void send_singly(Port *port, int message)
{
    struct kernel *kernel = port->kernel;
    const struct msghdr *whole = &kernel->out[message].msg_hdr;
    struct mmsghdr single;
    memset(&single, 0, sizeof single);
    single.msg_hdr.msg_name = whole->msg_name;
    single.msg_hdr.msg_namelen = whole->msg_namelen;
    single.msg_hdr.msg_iovlen = 1;
    for (int i = 0; i < kernel->runs[message]; i++) {
        single.msg_hdr.msg_iov = whole->msg_iov + i;
        if (sendmmsg(kernel->descriptor, &single, 1, MSG_DONTWAIT) > 0)
            port->sent++;
        else
            port->refused++;
    }
}

static void dispatch(Port *port, int total)
{
    struct kernel *kernel = port->kernel;
    int done = 0;
    while (done < total) {
        int sent = sendmmsg(kernel->descriptor, kernel->out + done, (unsigned)(total - done),
                            MSG_DONTWAIT);
        if (sent > 0) {
            for (int end = done + sent; done < end; done++) {
                port->sent += (unsigned)kernel->runs[done];
                if (kernel->runs[done] > 1)
                    port->segmented += (unsigned)kernel->runs[done];
            }
            continue;
        }
        if (kernel->runs[done] > 1 && (errno == EIO || errno == EINVAL || errno == EOPNOTSUPP ||
                                       errno == EMSGSIZE)) {
            port->segmentation = 0;
            send_singly(port, done);
        } else {
            port->refused += (unsigned)kernel->runs[done];
        }
        done++;
    }
}

/* Slot and length of one entry of a destination's pending list; 0 if it is none. */
static int read_pending(PyObject *pending, Py_ssize_t index, int *slot, int *length)
{
    long value = PyLong_AsLong(PyList_GetItem(pending, index));
    if (value == -1 && PyErr_Occurred())
        PyErr_Clear();
    *slot = (int)(value >> 16);
    *length = (int)(value & 0xFFFF);
    return value >= 0 && value >> 16 < OUTGOING && *length <= SLOT;
}

static int gather(Port *port, Destination *to, int *used, int messages)
{
    struct kernel *kernel = port->kernel;
    Py_ssize_t total = PyList_Size(to->pending), next = 0;
    while (next < total && *used < OUTGOING) {
        int slot, length, size = 0, count = 0;
        struct iovec *vectors = &kernel->out_vectors[*used];
        while (next < total && *used < OUTGOING && count < SEGMENTS) {
            if (!read_pending(to->pending, next, &slot, &length)) {
                next++;
                break;
            }
            if (count > 0 && length > size)
                break;
            size = count == 0 ? length : size;
            kernel->out_vectors[*used].iov_base = kernel->outgoing + (size_t)slot * SLOT;
            kernel->out_vectors[*used].iov_len = (size_t)length;
            (*used)++;
            next++;
            count++;
            /* A shorter packet may close a segmented send, never stand inside one. */
            if (!port->segmentation || length != size)
                break;
        }
        if (count == 0)
            continue;
        struct msghdr *header = &kernel->out[messages].msg_hdr;
        memset(header, 0, sizeof *header);
        header->msg_name = pointer(to->address_pointer);
        header->msg_namelen = to->address_length;
        header->msg_iov = vectors;
        header->msg_iovlen = (size_t)count;
        if (count > 1) {
            struct control *control = &kernel->controls[messages];
            control->length = offsetof(struct control, size) + sizeof control->size;
            control->level = IPPROTO_UDP;
            control->type = UDP_SEGMENT_OPTION;
            control->size = (uint16_t)size;
            header->msg_control = control;
            header->msg_controllen = sizeof *control;
        }
        kernel->runs[messages++] = count;
    }
    PyList_SetSlice(to->pending, 0, total, NULL);
    return messages;
}

void send_all(Port *port)
{
    if (port->kernel == NULL || port->touched == NULL || !PyList_CheckExact(port->touched))
        return;
    Py_ssize_t total = PyList_Size(port->touched);
    int messages = 0, used = 0;
    for (Py_ssize_t i = 0; i < total; i++) {
        PyObject *object = PyList_GetItem(port->touched, i);
        if (!PyObject_TypeCheck(object, destination_type))
            continue;
        Destination *to = (Destination *)object;
        if (to->pending != NULL && PyList_CheckExact(to->pending))
            messages = gather(port, to, &used, messages);
    }
    /* The addresses belong to the destinations: they are let go only when all has been sent. */
    dispatch(port, messages);
    if (total)
        PyList_SetSlice(port->touched, 0, total, NULL);
    port->used = 0;
}
