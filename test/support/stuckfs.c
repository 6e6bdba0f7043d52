/* A file system that hangs in the ways that file systems do, by the name that is opened. For tests, on libfuse 3.
 * self: opens a file on its own mount.   kin: has a child do that, and waits for it.   net: takes a lock, then reads a socket that nobody answers.
 * lock: takes that lock.   slow-N: a read of it sleeps.   pace: each read of it takes a while, but comes.   Any other name is a file that says hello.
 * Environment: STUCK_SELF own mount point, STUCK_PORT the server of `net`, STUCK_CHILD a file that takes the number of a
 * child that keeps the device until it is killed, or for three minutes. */
#define FUSE_USE_VERSION 31
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char HELLO[] = "hello";
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int fs_getattr(const char *path, struct stat *st, struct fuse_file_info *info) {
  memset(st, 0, sizeof *st);
  int root = strcmp(path, "/") == 0;
  st->st_mode = root ? S_IFDIR | 0755 : S_IFREG | 0644;
  st->st_nlink = root ? 2 : 1;
  st->st_size = root ? 0 : 4096;
  return 0;
}

static int fs_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info,
                      enum fuse_readdir_flags flags) {
  fill(buffer, "a", NULL, 0, 0);
  return 0;
}

static int use_itself(void) {
  char path[4096];
  snprintf(path, sizeof path, "%s/a", getenv("STUCK_SELF"));
  int fd = open(path, O_RDONLY);
  if (fd >= 0) close(fd);
  return 0;
}

static int let_child_use_it(void) {
  pid_t child = fork();
  if (child == 0) _exit(use_itself());
  return waitpid(child, NULL, 0) == child ? 0 : -EIO;
}

/* Not inlined: stacks are looked at for their names. */
__attribute__((noinline)) static int ask_server(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("STUCK_PORT")))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  pthread_mutex_lock(&lock);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  char byte;
  int ok = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && send(fd, "?", 1, 0) == 1 && recv(fd, &byte, 1, 0) == 1;
  close(fd);
  pthread_mutex_unlock(&lock);
  return ok ? 0 : -EIO;
}

__attribute__((noinline)) static int take_lock(void) {
  pthread_mutex_lock(&lock);
  pthread_mutex_unlock(&lock);
  return 0;
}

static int fs_open(const char *path, struct fuse_file_info *info) {
  info->direct_io = 1;
  if (strcmp(path, "/self") == 0) return use_itself();
  if (strcmp(path, "/kin") == 0) return let_child_use_it();
  if (strcmp(path, "/net") == 0) return ask_server();
  if (strcmp(path, "/lock") == 0) return take_lock();
  return 0;
}

static int fs_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info) {
  if (strncmp(path, "/slow-", 6) == 0) sleep(600);
  if (strcmp(path, "/pace") == 0) {
    usleep(100000);
    memset(buffer, '.', 512);
    return offset < 512 * 15 ? 512 : 0;
  }
  if (offset >= (off_t)sizeof HELLO) return 0;
  size_t count = sizeof HELLO - offset;
  if (count > size) count = size;
  memcpy(buffer, HELLO + offset, count);
  return count;
}

static void *fs_init(struct fuse_conn_info *connection, struct fuse_config *config) {
  config->entry_timeout = config->attr_timeout = 600;
  const char *told = getenv("STUCK_CHILD");
  if (told && fork() == 0) {
    FILE *file = fopen(told, "w");
    if (file) {
      fprintf(file, "%d\n", getpid());
      fclose(file);
    }
    alarm(180);
    for (;;) pause();
  }
  return NULL;
}

static const struct fuse_operations operations = {
    .getattr = fs_getattr,
    .readdir = fs_readdir,
    .open = fs_open,
    .read = fs_read,
    .init = fs_init,
};

int main(int argc, char **argv) { return fuse_main(argc, argv, &operations, NULL); }
