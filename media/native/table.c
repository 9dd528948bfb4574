#include "table.h"

#include <stdlib.h>
#include <string.h>

static size_t place(const struct table *table, const uint8_t *key, size_t size)
{
    /* FNV-1a from a seed, then mixed: the lowest bits are used. */
    uint64_t hash = 0xCBF29CE484222325u ^ table->seed;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ key[i]) * 0x100000001B3u;
    hash ^= hash >> 32;
    return (size_t)hash & (table->capacity - 1);
}

/* Where the key is, or the free place where it belongs. */
static size_t locate(const struct table *table, const uint8_t *key, size_t size)
{
    size_t at = place(table, key, size);
    while (table->entries[at].value != NULL &&
           (table->entries[at].size != size || memcmp(table->entries[at].key, key, size) != 0))
        at = (at + 1) & (table->capacity - 1);
    return at;
}

void *table_find(const struct table *table, const uint8_t *key, size_t size)
{
    return table->count ? table->entries[locate(table, key, size)].value : NULL;
}

static int grow(struct table *table)
{
    struct table larger = *table;
    larger.capacity = table->capacity ? table->capacity * 2 : 8;
    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (larger.entries == NULL)
        return -1;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct entry *old = &table->entries[i];
        if (old->value != NULL)
            larger.entries[locate(&larger, old->key, old->size)] = *old;
    }
    free(table->entries);
    *table = larger;
    return 0;
}

int table_put(struct table *table, const uint8_t *key, size_t size, void *value, void **before)
{
    if (size > LONGEST_KEY || ((table->count + 1) * 2 > table->capacity && grow(table) < 0))
        return -1;
    struct entry *entry = &table->entries[locate(table, key, size)];
    *before = entry->value;
    if (entry->value == NULL) {
        table->count++;
        entry->size = (uint8_t)size;
        memcpy(entry->key, key, size);
    }
    entry->value = value;
    return 0;
}

void *table_remove(struct table *table, const uint8_t *key, size_t size)
{
    if (!table->count)
        return NULL;
    size_t hole = locate(table, key, size);
    void *removed = table->entries[hole].value;
    if (removed == NULL)
        return NULL;
    /* Whoever had to give way to the removed key moves up, or it would not be found again. */
    for (size_t at = (hole + 1) & (table->capacity - 1); table->entries[at].value != NULL;
         at = (at + 1) & (table->capacity - 1)) {
        size_t wanted = place(table, table->entries[at].key, table->entries[at].size);
        if (((at - wanted) & (table->capacity - 1)) >= ((at - hole) & (table->capacity - 1))) {
            table->entries[hole] = table->entries[at];
            hole = at;
        }
    }
    table->entries[hole].value = NULL;
    table->count--;
    return removed;
}
