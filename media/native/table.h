/* A hash table from short keys to pointers. */

#ifndef TELECONNECT_TABLE_H
#define TELECONNECT_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { LONGEST_KEY = 28 };

struct entry {
    void *value; /* NULL where nothing is */
    uint8_t size;
    uint8_t key[LONGEST_KEY];
};

struct table {
    struct entry *entries;
    size_t capacity, count; /* capacity is 0 or a power of two, at least twice the count */
    uint64_t seed;          /* so that nobody can choose keys that collide */
};

void *table_find(const struct table *table, const uint8_t *key, size_t size);

/* Returns 0, or -1 without memory; what was there before, or NULL, goes to *before. */
int table_put(struct table *table, const uint8_t *key, size_t size, void *value, void **before);

/* Returns what was there, or NULL. */
void *table_remove(struct table *table, const uint8_t *key, size_t size);

#endif
