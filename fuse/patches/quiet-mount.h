// libfuse and fusermount print the cause of a failed mount on stderr; here it goes into `cause`, for one sentence.

static struct fuse_chan * mount_quietly (const char *mnt, struct fuse_args *args, char *cause, size_t size) {
  FILE *file = tmpfile();
  int saved = dup(2);
  if (file != NULL && saved >= 0) dup2(fileno(file), 2);
  struct fuse_chan *ch = fuse_mount(mnt, args);
  ssize_t length = 0;
  if (file != NULL && saved >= 0) {
    dup2(saved, 2);
    length = pread(fileno(file), cause, size - 1, 0);
  }
  cause[length > 0 ? length : 0] = '\0';
  if (file != NULL) fclose(file);
  if (saved >= 0) close(saved);
  return ch;
}
