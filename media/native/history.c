#include "history.h"

#include <stdlib.h>
#include <string.h>

void history_store(struct history *history, unsigned sequence, const uint8_t *packet, int length)
{
    struct kept *kept = &history->packets[sequence & (HISTORY - 1)];
    if (length > kept->space) {
        /* Rounded up as the allocator does; a place soon has the size that its packets need. */
        uint16_t space = (uint16_t)((length + 15) / 16 * 16 + 8);
        uint8_t *larger = realloc(kept->octets, space);
        if (larger == NULL) {
            kept->length = 0;
            return;
        }
        kept->octets = larger;
        kept->space = space;
    }
    memcpy(kept->octets, packet, (size_t)length);
    kept->length = (uint16_t)length;
}

const struct kept *history_find(const struct history *history, unsigned sequence)
{
    const struct kept *kept = &history->packets[sequence & (HISTORY - 1)];
    if (kept->length < 12 || kept->octets[2] != (uint8_t)(sequence >> 8) ||
        kept->octets[3] != (uint8_t)sequence)
        return NULL;
    return kept;
}

void history_forget(struct history *history, unsigned sequence)
{
    struct kept *kept = &history->packets[sequence & (HISTORY - 1)];
    if (history_find(history, sequence) == NULL)
        return;
    free(kept->octets);
    memset(kept, 0, sizeof *kept);
}

void history_clear(struct history *history)
{
    for (int i = 0; i < HISTORY; i++)
        free(history->packets[i].octets);
    memset(history, 0, sizeof *history);
}
