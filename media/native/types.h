/* The structures as Python types. */

#ifndef TELECONNECT_TYPES_H
#define TELECONNECT_TYPES_H

#include "structures.h"

int add_types(PyObject *module);

#endif
