// Linux errno numbers and names (include/uapi/asm-generic/errno*.h), positive, 0 = ok. Written out because the
// browser has no os.constants, and a trace may come from another machine than the one that shows it.

const NAMES =
  `1 EPERM 2 ENOENT 3 ESRCH 4 EINTR 5 EIO 6 ENXIO 7 E2BIG 8 ENOEXEC 9 EBADF 10 ECHILD 11 EAGAIN 12 ENOMEM
13 EACCES 14 EFAULT 15 ENOTBLK 16 EBUSY 17 EEXIST 18 EXDEV 19 ENODEV 20 ENOTDIR 21 EISDIR 22 EINVAL 23 ENFILE
24 EMFILE 25 ENOTTY 26 ETXTBSY 27 EFBIG 28 ENOSPC 29 ESPIPE 30 EROFS 31 EMLINK 32 EPIPE 33 EDOM 34 ERANGE
35 EDEADLK 36 ENAMETOOLONG 37 ENOLCK 38 ENOSYS 39 ENOTEMPTY 40 ELOOP 42 ENOMSG 43 EIDRM 44 ECHRNG 45 EL2NSYNC
46 EL3HLT 47 EL3RST 48 ELNRNG 49 EUNATCH 50 ENOCSI 51 EL2HLT 52 EBADE 53 EBADR 54 EXFULL 55 ENOANO 56 EBADRQC
57 EBADSLT 59 EBFONT 60 ENOSTR 61 ENODATA 62 ETIME 63 ENOSR 64 ENONET 65 ENOPKG 66 EREMOTE 67 ENOLINK 68 EADV
69 ESRMNT 70 ECOMM 71 EPROTO 72 EMULTIHOP 73 EDOTDOT 74 EBADMSG 75 EOVERFLOW 76 ENOTUNIQ 77 EBADFD 78 EREMCHG
79 ELIBACC 80 ELIBBAD 81 ELIBSCN 82 ELIBMAX 83 ELIBEXEC 84 EILSEQ 85 ERESTART 86 ESTRPIPE 87 EUSERS 88 ENOTSOCK
89 EDESTADDRREQ 90 EMSGSIZE 91 EPROTOTYPE 92 ENOPROTOOPT 93 EPROTONOSUPPORT 94 ESOCKTNOSUPPORT 95 EOPNOTSUPP
96 EPFNOSUPPORT 97 EAFNOSUPPORT 98 EADDRINUSE 99 EADDRNOTAVAIL 100 ENETDOWN 101 ENETUNREACH 102 ENETRESET
103 ECONNABORTED 104 ECONNRESET 105 ENOBUFS 106 EISCONN 107 ENOTCONN 108 ESHUTDOWN 109 ETOOMANYREFS 110 ETIMEDOUT
111 ECONNREFUSED 112 EHOSTDOWN 113 EHOSTUNREACH 114 EALREADY 115 EINPROGRESS 116 ESTALE 117 EUCLEAN 118 ENOTNAM
119 ENAVAIL 120 EISNAM 121 EREMOTEIO 122 EDQUOT 123 ENOMEDIUM 124 EMEDIUMTYPE 125 ECANCELED 126 ENOKEY
127 EKEYEXPIRED 128 EKEYREVOKED 129 EKEYREJECTED 130 EOWNERDEAD 131 ENOTRECOVERABLE 132 ERFKILL 133 EHWPOISON
512 ERESTARTSYS 513 ERESTARTNOINTR 514 ERESTARTNOHAND 515 ENOIOCTLCMD 516 ERESTART_RESTARTBLOCK 524 ENOTSUPP`.split(
    /\s+/,
  );

const byNumber = new Map<number, string>();
const byName = new Map<string, number>([
  ['EWOULDBLOCK', 11],
  ['EDEADLOCK', 35],
  ['ENOTSUP', 95],
]);
for (let i = 0; i < NAMES.length; i += 2) {
  const number = Number(NAMES[i]);
  const name = NAMES[i + 1] ?? '';
  byNumber.set(number, name);
  byName.set(name, number);
}

/** Name of a positive errno; null for 0; `E123` where Linux has no name for it. */
export function errnoName(errno: number): string | null {
  if (errno === 0) return null;
  return byNumber.get(errno) ?? `E${errno}`;
}

/** Positive number of an errno's name, in any case; also reads what `errnoName` makes up. Null where unknown. */
export function errnoNumber(name: string): number | null {
  const upper = name.toUpperCase();
  const known = byName.get(upper);
  if (known !== undefined) return known;
  const match = /^E([1-9]\d{0,3})$/.exec(upper);
  return match ? Number(match[1]) : null;
}

/** Every name, for completion. */
export const ERRNO_NAMES: readonly string[] = [...byNumber.values()];

/** Answers that are part of everyday use (a missing name or attribute), never drawn as trouble. */
export function isOrdinaryErrno(errno: number): boolean {
  return errno === 2 || errno === 61;
}
