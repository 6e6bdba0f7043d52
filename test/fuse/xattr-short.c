/* getxattr and listxattr with buffers that are too short, empty and right, as few programs call them. Prints the
 * results, to be compared between a plain directory and a mount. Argument: a file with the attribute user.long. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

int main(int argc, char **argv) {
  char buffer[70000];
  size_t sizes[] = {0, 1, 10, 299, 300, 301, sizeof(buffer)};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
    errno = 0;
    ssize_t value = getxattr(argv[argc - 1], "user.long", buffer, sizes[i]);
    printf("getxattr %zu: %zd errno %d\n", sizes[i], value, errno);
    errno = 0;
    ssize_t list = listxattr(argv[argc - 1], buffer, sizes[i]);
    printf("listxattr %zu: %zd errno %d\n", sizes[i], list, errno);
  }
  errno = 0;
  printf("missing: %zd", getxattr(argv[argc - 1], "user.none", buffer, 10));
  printf(" errno %d\n", errno);
  errno = 0;
  printf("empty: %d", setxattr(argv[argc - 1], "user.empty", "", 0, XATTR_CREATE));
  printf(" %zd errno %d\n", getxattr(argv[argc - 1], "user.empty", buffer, 10), errno);
  errno = 0;
  printf("again: %d", setxattr(argv[argc - 1], "user.empty", "", 0, XATTR_CREATE));
  printf(" errno %d\n", errno);
  return 0;
}
