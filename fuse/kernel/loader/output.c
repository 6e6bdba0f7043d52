// Frames on their way to standard output, in a ring of bytes of fixed size.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "loader.h"

#define CAPACITY (8u << 20)
/* Kept free for the frames of one round. */
#define RESERVE (64u << 10)

static char bytes[CAPACITY];
/* Ever taken in, ever written. */
static uint64_t in, out;

static void append(const void *data, size_t length) {
  size_t at = in % CAPACITY, first = CAPACITY - at;
  if (first > length) first = length;
  memcpy(bytes + at, data, first);
  memcpy(bytes, (const char *)data + first, length - first);
  in += length;
}

bool output_put(enum tap_frame_type type, const void *body, size_t length) {
  struct tap_frame frame = {.length = length, .type = type};
  if (in - out + sizeof frame + length > CAPACITY) return false;
  append(&frame, sizeof frame);
  if (length) append(body, length);
  return true;
}

bool output_has_room(void) { return in - out + RESERVE < CAPACITY; }

bool output_pending(void) { return in != out; }

bool output_flush(void) {
  while (in != out) {
    size_t at = out % CAPACITY, length = in - out, first = CAPACITY - at;
    if (first > length) first = length;
    struct iovec parts[] = {{bytes + at, first}, {bytes, length - first}};
    ssize_t written = writev(STDOUT_FILENO, parts, 2);
    if (written < 0) return errno == EAGAIN || errno == EINTR;
    out += written;
  }
  return true;
}

void output_finish(int timeout_ms) {
  uint64_t deadline = now_ns() + timeout_ms * 1000000ull;
  while (output_flush() && output_pending() && now_ns() < deadline) {
    struct pollfd writable = {.fd = STDOUT_FILENO, .events = POLLOUT};
    poll(&writable, 1, 10);
  }
}
