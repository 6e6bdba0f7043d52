// Which connections are watched: those without a block device by their number, the others (fuseblk) in a short list.
#include "loader.h"

/* Null where there is none and `fresh` is not allowed, or no room. */
static __u8 *place(struct tap_table *table, uint32_t connection, bool fresh) {
  if (connection < TAP_CONNECTIONS) return &table->watched[connection];
  for (int i = 0; i < TAP_BLOCK_CONNECTIONS; i++)
    if (table->block_connections[i] == connection) return &table->block_watched[i];
  for (int i = 0; fresh && i < TAP_BLOCK_CONNECTIONS; i++) {
    /* A device that is no longer watched gives its place. */
    if (table->block_watched[i] & TAP_WATCHED) continue;
    table->block_connections[i] = connection;
    return &table->block_watched[i];
  }
  return NULL;
}

uint8_t watched_get(struct tap *tap, uint32_t connection) {
  __u8 *bits = place(tap->table, connection, false);
  return bits ? *bits : 0;
}

bool watched_set(struct tap *tap, uint32_t connection, uint8_t bits) {
  __u8 *place_of_bits = place(tap->table, connection, bits != 0);
  if (!place_of_bits) return false;
  *place_of_bits = bits;
  return true;
}
