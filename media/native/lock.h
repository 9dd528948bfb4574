/* The loop's lock: first come, first served, so that neither side can keep the other out. */

#ifndef TELECONNECT_LOCK_H
#define TELECONNECT_LOCK_H

#include <pthread.h>

struct lock {
    pthread_mutex_t mutex;
    pthread_cond_t served;
    unsigned next, serving; /* tickets; free when they are equal */
};

void lock_init(struct lock *lock);
void lock_destroy(struct lock *lock);
void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);

/* Acquire it if it is free. */
int lock_try(struct lock *lock);

/* Whether somebody waits for it; asked by its holder. */
int lock_wanted(struct lock *lock);

#endif
