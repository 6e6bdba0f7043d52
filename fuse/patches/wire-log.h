// The log of the fast way: batches of records and strings that are laid out as an EVENTS frame has them
// (shared/wire/layout.ts: change both), so that JavaScript only frames and sends them.

// JSON of an extended attribute's name, each byte of it escaped twice, is longer than any path that is kept.
enum { MAX_TEXT = 16384, MAX_NAME = 6 * 256 + 16 };

typedef struct {
  const char *bytes;
  uint32_t length;
} text_t;

// What a record says beyond the numbers; 0 bytes for nothing.
typedef struct {
  text_t path;
  text_t comm;
  text_t args;
} texts_t;

static int is_plain (const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) if (bytes[i] & 0x80 || bytes[i] == '\\') return 0;
  return 1;
}

// Bytes of the well-formed UTF-8 character that begins here, or 0. A zero ends the name, and fits nowhere.
static int character (const unsigned char *at) {
  if (at[0] < 0x80) return 1;
  unsigned char low = 0x80, high = 0xbf;
  int more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : 1;
  if (at[0] < 0xc2 || at[0] > 0xf4) return 0;
  if (at[0] == 0xe0) low = 0xa0;
  if (at[0] == 0xed) high = 0x9f;
  if (at[0] == 0xf0) low = 0x90;
  if (at[0] == 0xf4) high = 0x8f;
  if (at[1] < low || at[1] > high) return 0;
  for (int i = 2; i <= more; i++) if ((at[i] & 0xc0) != 0x80) return 0;
  return more + 1;
}

// The text of a name as traceName (fuse/mirror/names.ts) gives it: a backslash doubled, a byte that is not UTF-8 as
// \xNN. Written to `room` where it differs from the name, at most `size` bytes, and cut with an ellipsis there.
static text_t text_of (const char *name, char *room, size_t size) {
  size_t length = strlen(name);
  if (length <= size && is_plain(name, length)) return (text_t) { name, length };
  size_t used = 0;
  for (const char *at = name; *at != '\0'; ) {
    char piece[5];
    int taken = character((const unsigned char *) at);
    int count = taken;
    if (*at == '\\') count = snprintf(piece, sizeof(piece), "\\\\");
    else if (taken == 0) count = snprintf(piece, sizeof(piece), "\\x%02x", (unsigned char) *at);
    else memcpy(piece, at, taken);
    if (used + count + 3 > size) {
      memcpy(room + used, "\xe2\x80\xa6", 3);
      return (text_t) { room, used + 3 };
    }
    memcpy(room + used, piece, count);
    used += count;
    at += taken == 0 ? 1 : taken;
  }
  return (text_t) { room, used };
}

// {"name":…} of an extended attribute, to `room` of MAX_NAME bytes.
static text_t name_args (const char *name, char *room) {
  char plain[MAX_NAME];
  text_t text = text_of(name, plain, 4 * 256);
  size_t used = snprintf(room, MAX_NAME, "{\"name\":\"");
  for (uint32_t i = 0; i < text.length && used + 8 < MAX_NAME; i++) {
    char c = text.bytes[i];
    if (c == '"' || c == '\\') room[used++] = '\\';
    if ((unsigned char) c < 0x20) used += snprintf(room + used, 7, "\\u%04x", c);
    else room[used++] = c;
  }
  memcpy(room + used, "\"}", 2);
  return (text_t) { room, used + 2 };
}

// The arguments of an operation. Programs open files with few different flags: the last text of a thread often fits.
static text_t args_of (mirror_session_t *session, fuse_thread_locals_t *l, char *room) {
  mirror_thread_t *m = &(l->mirror);
  uint32_t row = session->rows[l->op];
  if (row & ROW_NAME) return name_args(l->name, room);
  if (!(row & (ROW_FLAGS | ROW_MASK | ROW_MODE))) return (text_t) { NULL, 0 };
  if (m->args_row != row || m->args_flags != m->call.flags || m->args_mode != m->call.mode) {
    m->args_row = row;
    m->args_flags = m->call.flags;
    m->args_mode = m->call.mode;
    const char *key = row & ROW_MASK ? "mask" : "flags";
    int length = 0;
    if (row & (ROW_FLAGS | ROW_MASK)) length = sprintf(m->args, "{\"%s\":%u", key, m->call.flags);
    if (row & ROW_MODE) length += sprintf(m->args + length, "%s\"mode\":%u", length > 0 ? "," : "{", m->call.mode);
    m->args_length = length + sprintf(m->args + length, "}");
  }
  return (text_t) { m->args, m->args_length };
}

// The batch that is being written.
static batch_head_t *batch_head (mirror_session_t *session) {
  return (batch_head_t *) (session->log + (size_t) (session->written % LOG_BATCHES) * BATCH_BYTES);
}

// Index of a string in the batch that is being written. It is looked for among those that are there already, though
// not everywhere: one that is there twice costs room, nothing else.
static uint32_t intern (mirror_session_t *session, text_t text) {
  if (text.length == 0) return 0;
  batch_head_t *head = batch_head(session);
  char *strings = (char *) (head + 1);
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < text.length; i++) hash = (hash ^ (unsigned char) text.bytes[i]) * 16777619u;
  string_slot_t *slot = NULL;
  for (uint32_t i = 0; i < 4; i++) {
    slot = &session->slots[(hash + i) % STRING_SLOTS];
    if (slot->batch != session->written + 1) break;
    if (slot->hash != hash || slot->length != text.length) continue;
    if (memcmp(strings + slot->at, text.bytes, text.length) == 0) return slot->index;
  }
  memcpy(strings + head->string_bytes, &text.length, 4);
  memcpy(strings + head->string_bytes + 4, text.bytes, text.length);
  *slot = (string_slot_t) { hash, session->written + 1, head->string_bytes + 4, text.length, ++head->strings };
  head->string_bytes += 4 + text.length;
  return head->strings;
}

// Closes the batch that is being written and begins the next. False where none is free, `kept` of them not counted.
static int begin_batch (mirror_session_t *session, uint32_t kept) {
  uint32_t used = session->written - session->taken + 1;
  if (used + kept >= LOG_BATCHES) return 0;
  session->written++;
  memset(batch_head(session), 0, sizeof(batch_head_t));
  if (used > LOG_BATCHES / 4 && !session->urgent) {
    session->urgent = 1;
    uv_async_send(&(session->wake));
  }
  return 1;
}

// Room for a record in the batch that is being written, or in the next. One batch is kept for the ends of operations
// whose beginning was told, so that none of those is lost.
static int has_room (mirror_session_t *session, uint32_t text_bytes, int end) {
  batch_head_t *head = batch_head(session);
  if (head->records < BATCH_RECORDS && head->string_bytes + text_bytes <= BATCH_STRING_BYTES) return 1;
  return begin_batch(session, end ? 0 : 1);
}

// Writes a record; the lock is held. False where there is no room. Numbers go where AT (shared/wire/layout.ts) says.
static int log_record (mirror_session_t *session, fuse_thread_locals_t *l, int kind, texts_t *texts) {
  mirror_call_t *call = &(l->mirror.call);
  int ended = kind != RECORD_ENTER;
  if (!has_room(session, texts->path.length + texts->comm.length + texts->args.length + 12, kind == RECORD_EXIT))
    return 0;
  batch_head_t *head = batch_head(session);
  uint32_t row = session->rows[call->op];
  int64_t at_ns = kind == RECORD_EXIT ? call->end_ns : call->start_ns;
  int has_fh = row & ROW_FH && call->fh != 0;
  int has_bytes = row & ROW_COUNTS && ended && call->res >= 0;
  wire_record_t record = {
    .kind = kind,
    .op = row & ROW_CODE,
    .has = HAS_CALLER | (ended ? HAS_DURATION | HAS_ERRNO : 0) | (has_fh ? HAS_FH : 0)
      | (row & ROW_OFFSET ? HAS_OFFSET : 0) | (row & ROW_SIZE ? HAS_SIZE : 0) | (has_bytes ? HAS_BYTES : 0),
    .id = call->id,
    .mono_ns = at_ns,
    .ts_us = session->wall_us + at_ns / 1e3,
    .duration_ns = ended ? call->end_ns - call->start_ns : 0,
    .fh = call->fh,
    .offset = call->offset,
    .size = call->size,
    .bytes = has_bytes ? call->res : 0,
    .error = ended && call->res < 0 ? -call->res : 0,
    .pid = call->pid,
    .tid = call->tid,
    .uid = call->uid,
    .gid = call->gid,
    .path = intern(session, texts->path),
    .comm = intern(session, texts->comm),
    .args = intern(session, texts->args)
  };
  memcpy((char *) (head + 1) + BATCH_STRING_BYTES + head->records * sizeof(wire_record_t), &record, sizeof(record));
  head->records++;
  return 1;
}

// What there is to say of an operation; `room` is for what has to be written anew.
static texts_t texts_for (mirror_session_t *session, fuse_thread_locals_t *l, int kind, text_room_t *room) {
  mirror_call_t *call = &(l->mirror.call);
  texts_t texts = { { NULL, 0 }, { call->comm, strlen(call->comm) }, { NULL, 0 } };
  if (kind == RECORD_EXIT) return texts;
  texts.path = text_of(l->path, room->path, MAX_TEXT);
  texts.args = args_of(session, l, room->args);
  return texts;
}
