/* System calls that few programs make, each with arguments of its own, on a mount of rare-fs: rare-calls MOUNTPOINT.
 * Ends with 1 where the file system answers otherwise than it should. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MUST(call)            \
  do {                        \
    if ((call) < 0) {         \
      perror(#call);          \
      failed = 1;             \
    }                         \
  } while (0)

int main(int argc, char **argv) {
  int failed = 0;
  char path[4096], other[4096], names[64];
  if (argc < 2 || chdir("/")) return 2;
  snprintf(path, sizeof path, "%s/a", argv[1]);

  int directory = open(argv[1], O_RDONLY | O_DIRECTORY);
  MUST(directory);
  MUST(fsync(directory));
  DIR *listing = fdopendir(directory);
  while (listing && readdir(listing)) {
  }
  closedir(listing);

  int fd = open(path, O_RDWR);
  MUST(fd);
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 7};
  MUST(fcntl(fd, F_GETLK, &lock));
  if (lock.l_type != F_WRLCK || lock.l_start != 4) failed = 1;
  lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 1};
  MUST(fcntl(fd, F_SETLK, &lock));
  lock.l_type = F_UNLCK;
  MUST(fcntl(fd, F_SETLK, &lock));
  lock = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 20};
  MUST(fcntl(fd, F_SETLKW, &lock));
  MUST(flock(fd, LOCK_EX | LOCK_NB));
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  MUST(poll(&polled, 1, 0));
  MUST(lseek(fd, 10, SEEK_HOLE));
  MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 30, 40));
  off_t from = 50, to = 1000;
  int second = open(path, O_RDWR);
  MUST(copy_file_range(fd, &from, second, &to, 100, 0));
  close(second);
  struct statx attributes;
  MUST(statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS | STATX_BTIME, &attributes));
  MUST(listxattr(path, NULL, 0));
  MUST(listxattr(path, names, sizeof names));
  int block = 7;
  /* Only a file system on a block device is asked. */
  ioctl(fd, FIBMAP, &block);
  printf("%d\n", block);
  close(fd);

  int nameless = open(argv[1], O_TMPFILE | O_RDWR, 0640);
  MUST(nameless);
  close(nameless);
  MUST(renameat2(AT_FDCWD, path, AT_FDCWD, strcat(strcpy(other, argv[1]), "/b"), RENAME_NOREPLACE));
  stat(strcat(strcpy(other, argv[1]), "/last"), (struct stat *)&attributes);
  return failed;
}
