/* The thread that takes the ordinary packets of a worker from the poll to the send. */

#ifndef TELECONNECT_THREAD_H
#define TELECONNECT_THREAD_H

#include "structures.h"

/* Start it; the caller holds the loop's lock from then on, and lets others have it now and then.
   Returns 0 or an errno value. */
int start_thread(Loop *loop);

/* End it and wait for its end; the caller must not hold the lock. */
void stop_thread(Loop *loop);

/* What one wakeup does on one port: read, handle, send. Returns how many times something was read.
   Called without the lock. */
int serve_port(Loop *loop, Port *port);

/* Handle what is in the port's reader, and queue what follows. Called with the lock, or without a
   thread. Returns where to go on: after BATCH datagrams, of which there may be several in one that
   was read, or at `count`. Times are as media/transport/batching.py has them: `now` in seconds of a monotonic clock,
   `read_at` in nanoseconds of the machine's. */
int handle_batch(Loop *loop, Port *port, int from, int count, double now, long long read_at);

/* Move up to BATCH of what was set aside into the port's own buffers, and its kinds and times of
   arrival into `kinds` and `arrivals`. Called with the lock. */
int take_aside(Port *port, int most, uint8_t *kinds, double *arrivals);

/* Whether a datagram of this peer is set aside on the port. Called with the lock. */
int awaits_python(const Port *port, const Peer *peer);

#endif
