/* The queue of a port, and sending it. */

#ifndef TELECONNECT_SEND_H
#define TELECONNECT_SEND_H

#include "structures.h"

/* A free slot to write one datagram into; if none is free, what is queued is sent first. */
int take_slot(Port *port);

/* Queue what was written into a slot; the destination's address is copied. */
void push(Port *port, int slot, int length, Destination *to);

/* Send what is queued; what the kernel refuses is dropped and counted. */
void send_all(Port *port);

/* Forget what is queued. */
void empty_queue(Port *port);

#endif
