// What the BPF program and the loader share in memory, and what the loader writes for its reader. Every number here
// stands once more in ../layout.ts; a test compares the two. All little-endian, as BPF objects built here are.
#pragma once

/* Requests in flight live in a table of buckets; a bucket is one cache line of keys. */
#define TAP_WAYS 8
#define TAP_BUCKET_BITS 11
#define TAP_SLOTS (TAP_WAYS << TAP_BUCKET_BITS)

/* The longest fixed argument of a request that is kept (fuse_setattr_in), and the longest name with its end (a
   longer target of a symbolic link is cut). */
#define TAP_HEAD_MAX 88
#define TAP_NAME_MAX 256
#define TAP_TAIL_MAX (TAP_HEAD_MAX + 2 * TAP_NAME_MAX)

/* A connection has the number of its device. Usually that is one without a major, so of 20 bits; with fuseblk it is
   the block device's, and of these a few can be watched. */
#define TAP_CONNECTIONS (1 << 20)
#define TAP_BLOCK_CONNECTIONS 16
/* PID_MAX_LIMIT */
#define TAP_PIDS (1 << 22)

/* Requests asked about in one run of the `look` program. */
#define TAP_LOOKS 64

/* Bits of a connection in `watched`. */
#define TAP_WATCHED 1
/* Requests sent before it was watched may still end. */
#define TAP_OLDER 2
/* No longer watched; requests recorded before may still end. */
#define TAP_DRAINING 4

enum tap_kind {
  TAP_DONE = 1,     /* answered */
  TAP_GONE = 2,     /* taken back before the daemon picked it up: its caller was killed. No end is traced. */
  TAP_UNPAIRED = 3, /* an end whose beginning was not seen */
  TAP_OLD = 4,      /* in flight, sent before its connection was watched */
  TAP_OPEN = 5,     /* in flight for some time, told once */
  TAP_LISTED = 6,   /* in flight, told because somebody asked */
  TAP_NAMED = 7,    /* no request: a name in the directory `nodeid` and the node that a READDIRPLUS gave it */
};

#define TAP_ANY 0xffffffffu

enum tap_counter {
  TAP_MAP_FULL,   /* lost: no slot free in the bucket */
  TAP_RING_FULL,  /* lost: the reader was too slow */
  TAP_WALK_BOUND, /* lost: more requests in flight than a walk visits */
  TAP_NAMES_LOST, /* lost: names in an answer to READDIRPLUS, that found no room in the ring or were too many */
  TAP_SKIPPED,    /* lost: the kernel did not run the program (it was running on that processor already) */
  TAP_EXCLUDED,   /* not lost: requests of FuseScope itself */
  TAP_COUNTERS
};

/* Bits of tap_record.flags */
#define TAP_CUT 1         /* a name was longer than TAP_NAME_MAX */
#define TAP_UNNUMBERED 2  /* the request had no unique yet when it was sent */
#define TAP_ANSWERED 4    /* `reply` was read */

/* A request. The tail holds, without gaps: the first argument as the kernel sent it (struct fuse_read_in …), cut
   to what ops.h says, then its names, with or without a final NUL. */
struct tap_record {
  __u64 start_ns; /* CLOCK_MONOTONIC; 0 while the slot is being filled, and where not known */
  __u64 duration_ns;
  __u64 picked_ns; /* when the daemon took it; 0 where not known */
  __u64 unique;
  __u64 nodeid;
  __u64 reply[2]; /* of the answer, what ops.h asks for */
  __u32 connection;
  __u32 opcode;
  __u32 pid; /* of the sender: the process, as the loader's pid namespace numbers it; 0 where that does not */
  __u32 tid;
  __u32 uid;
  __u32 gid;
  __u32 daemon_tid;
  __s32 error; /* negative errno */
  __u32 reply_bytes; /* length of the answer with its header */
  __u8 kind;
  __u8 picked; /* 0 not picked up, 1 picked up, 2 not known */
  __u8 head_bytes;
  __u8 flags;
  __u16 name_bytes[2];
  __u16 tail_bytes;
  __u16 spare;
  char comm[16];
  __u8 tail[TAP_TAIL_MAX];
};

#define TAP_RECORD_FIXED __builtin_offsetof(struct tap_record, tail)

/* What was lost of one connection, of counters below TAP_SKIPPED. */
#define TAP_LOSERS 64
struct tap_loser {
  __u32 connection; /* plus one; 0: free */
  __u32 spare;
  __u64 counts[TAP_SKIPPED];
};
/* A question about a request in flight, and its answer. */
struct tap_look {
  __u64 key;
  __u64 unique;
  __u32 connection;
  __u8 alive;
  __u8 pending;
  __u16 spare;
};

/* Mapped by the loader. `keys` holds the address of the request in the slot of the same number, or 0. */
struct tap_table {
  __u64 keys[TAP_SLOTS];
  __u64 counters[TAP_COUNTERS]; /* of no connection, or of one that found no place among the losers */
  struct tap_loser losers[TAP_LOSERS];
  __u32 pid_level; /* of the loader's pid namespace: 0 is the first one; and its inode number */
  __u32 pid_namespace;
  struct tap_look looks[TAP_LOOKS];
  __u32 look_count;
  __u32 spare;
  __u8 watched[TAP_CONNECTIONS];
  __u32 block_connections[TAP_BLOCK_CONNECTIONS];
  __u8 block_watched[TAP_BLOCK_CONNECTIONS];
  __u8 excluded[TAP_PIDS / 8];
  struct tap_record scratch; /* of the task_file iterator */
  struct tap_record slots[TAP_SLOTS];
};

/* Frames on the loader's standard output. `length` counts what follows this header. */
struct tap_frame {
  __u32 length;
  __u32 type;
};

enum tap_frame_type {
  TAP_FRAME_READY = 1, /* struct tap_ready */
  TAP_FRAME_RECORD,    /* struct tap_record, cut behind its tail */
  TAP_FRAME_LOSS,      /* struct tap_loss */
  TAP_FRAME_MOUNTS,    /* empty: mounts have changed */
  TAP_FRAME_LISTED,    /* __u32: a listing is complete; 0, or the number it was asked for with */
};

struct tap_ready {
  __u32 sent;     /* 1 where the kernel traces the daemon's picking up */
  __u32 iterator; /* 1 where older requests can be listed */
};

struct tap_loss {
  __u32 counter;
  __u32 connection; /* TAP_ANY where it is not known of which */
  __u64 count;
  __u64 from_ns;
  __u64 to_ns;
};
