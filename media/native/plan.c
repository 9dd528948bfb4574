#include "plan.h"

#include <string.h>

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

static int read_kept(PyObject *layout, struct plan *plan)
{
    PyObject *kept = PyObject_GetAttrString(layout, "kept");
    int right = kept != NULL && PyTuple_CheckExact(kept) && PyTuple_Size(kept) <= MOST_KEPT;
    plan->kept_count = right ? (int)PyTuple_Size(kept) : 0;
    for (int i = 0; right && i < plan->kept_count; i++) {
        int identifier, position;
        const char *zeros;
        Py_ssize_t size;
        right = PyArg_ParseTuple(PyTuple_GetItem(kept, i), "iiy#", &identifier, &position, &zeros,
                                 &size) &&
                identifier >= 0 && identifier < 32 && position >= 12 && position + size <= plan->end;
        plan->kept_ids[i] = right ? (uint8_t)identifier : 0;
        plan->kept[i] = right ? (uint16_t)position : 0;
        plan->kept_sizes[i] = right ? (uint16_t)size : 0;
    }
    Py_XDECREF(kept);
    return right;
}

void make_plan(InboundStream *inbound)
{
    struct plan *plan = &inbound->plan;
    PyObject *layout = inbound->layout;
    memset(plan, 0, sizeof *plan);
    if (layout == NULL)
        return;
    int start = read_int(layout, "start", 12, 12);
    int end = read_int(layout, "end", 12 + 4, 12 + WIDEST);
    int number = read_int(layout, "transport_sequence", 0, end - 2);
    int send_time = read_int(layout, "send_time", 0, end - 3);
    int level = read_int(layout, "audio_level", 0, end - 1);
    plan->end = (uint16_t)(end > 0 ? end : 0);
    plan->usable = start == 12 && end > 0 && number >= 0 && send_time >= 0 && level >= 0 &&
                   read_octets(layout, "mask", end - start, plan->mask) &&
                   read_octets(layout, "match", end - start, plan->match) &&
                   read_stripped(layout, plan) && read_kept(layout, plan);
    plan->transport_sequence = (uint16_t)number;
    plan->send_time = (uint16_t)send_time;
    plan->audio_level = (uint16_t)level;
    PyErr_Clear();
}
