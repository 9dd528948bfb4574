#include "lock.h"

void lock_init(struct lock *lock)
{
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->served, NULL);
    lock->next = lock->serving = 0;
}

void lock_destroy(struct lock *lock)
{
    pthread_cond_destroy(&lock->served);
    pthread_mutex_destroy(&lock->mutex);
}

void lock_acquire(struct lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    unsigned ticket = lock->next++;
    while (lock->serving != ticket)
        pthread_cond_wait(&lock->served, &lock->mutex);
    pthread_mutex_unlock(&lock->mutex);
}

int lock_try(struct lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    int free = lock->next == lock->serving;
    lock->next += (unsigned)free;
    pthread_mutex_unlock(&lock->mutex);
    return free;
}

void lock_release(struct lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    lock->serving++;
    int wanted = lock->serving != lock->next;
    pthread_mutex_unlock(&lock->mutex);
    if (wanted)
        pthread_cond_broadcast(&lock->served);
}

int lock_wanted(struct lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    int wanted = lock->next - lock->serving > 1;
    pthread_mutex_unlock(&lock->mutex);
    return wanted;
}
