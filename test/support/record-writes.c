/*
 * Records, in order, what a process does to the files of one directory: preloaded under a store by the power-cut test.
 *
 * KITES_RECORD_DIR   files whose path starts with this are recorded, except shared-memory indexes (-shm) and locks
 * KITES_RECORD_LOG   receives the record: a header (op, file, offset, length as four 64-bit words), then the data
 *   op 1 open: data is the path, file its number   op 2 write   op 3 truncate to `offset`   op 4 flush   op 5 unlink: data is the path
 *
 * One lock is held over each operation and its entry, so the order of the log is the order of the operations.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define FDS 4096
#define FILES 256
enum { OPEN = 1, WRITE, TRUNCATE, FLUSH, UNLINK };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char *directory;
static char *names[FILES];
static int file_count;
/* 0 = not recorded, else the file's number + 1. */
static int file_of[FDS];

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("KITES_RECORD_LOG");
  directory = getenv("KITES_RECORD_DIR");
  if (path && directory) log_fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *data, size_t length) {
  const char *from = data;
  while (length > 0) {
    ssize_t done = syscall(SYS_write, log_fd, from, length);
    if (done <= 0) abort();
    from += done;
    length -= done;
  }
}

static void entry(uint64_t op, uint64_t file, uint64_t offset, const void *data, uint64_t length) {
  uint64_t header[4] = {op, file, offset, length};
  put(header, sizeof header);
  put(data, length);
}

static int is_recorded(const char *path) {
  size_t length = strlen(path);
  if (log_fd < 0 || strncmp(path, directory, strlen(directory)) != 0) return 0;
  if (length > 4 && strcmp(path + length - 4, "-shm") == 0) return 0;
  return !(length > 5 && strcmp(path + length - 5, ".lock") == 0) && !strstr(path, ".lock-");
}

static int recorded(int fd) { return fd >= 0 && fd < FDS ? file_of[fd] : 0; }

static void opened(int fd, const char *path, int flags) {
  if (fd < 0 || fd >= FDS) return;
  file_of[fd] = 0;
  if (!is_recorded(path) || (flags & O_DIRECTORY)) return;
  int number = 0;
  while (number < file_count && strcmp(names[number], path) != 0) number++;
  if (number == file_count) {
    if (file_count == FILES) abort();
    names[file_count++] = strdup(path);
  }
  file_of[fd] = number + 1;
  entry(OPEN, number, 0, path, strlen(path));
  if (flags & O_TRUNC) entry(TRUNCATE, number, 0, "", 0);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPENING(name)                                     \
  int name(const char *path, int flags, ...) {            \
    va_list arguments;                                    \
    va_start(arguments, flags);                           \
    int mode = va_arg(arguments, int);                    \
    va_end(arguments);                                    \
    pthread_mutex_lock(&lock);                            \
    int fd = REAL(name)(path, flags, mode);               \
    opened(fd, path, flags);                              \
    pthread_mutex_unlock(&lock);                          \
    return fd;                                            \
  }
OPENING(open)
OPENING(open64)

int close(int fd) {
  pthread_mutex_lock(&lock);
  if (fd >= 0 && fd < FDS) file_of[fd] = 0;
  int result = REAL(close)(fd);
  pthread_mutex_unlock(&lock);
  return result;
}

static ssize_t written(int fd, const void *data, off64_t offset, ssize_t done) {
  if (done > 0 && recorded(fd)) entry(WRITE, recorded(fd) - 1, offset, data, done);
  return done;
}

#define WRITING(name, type)                                              \
  ssize_t name(int fd, const void *data, size_t length, type offset) {   \
    if (!recorded(fd)) return REAL(name)(fd, data, length, offset);      \
    pthread_mutex_lock(&lock);                                           \
    ssize_t done = REAL(name)(fd, data, length, offset);                 \
    written(fd, data, offset, done);                                     \
    pthread_mutex_unlock(&lock);                                         \
    return done;                                                         \
  }
WRITING(pwrite, off_t)
WRITING(pwrite64, off64_t)

/* Appending writes: the offset is where the file ended. */
ssize_t write(int fd, const void *data, size_t length) {
  if (!recorded(fd)) return syscall(SYS_write, fd, data, length);
  pthread_mutex_lock(&lock);
  off_t offset = lseek(fd, 0, SEEK_END);
  ssize_t done = syscall(SYS_write, fd, data, length);
  written(fd, data, offset, done);
  pthread_mutex_unlock(&lock);
  return done;
}

#define TRUNCATING(name, type)                                                     \
  int name(int fd, type length) {                                                  \
    pthread_mutex_lock(&lock);                                                     \
    int result = REAL(name)(fd, length);                                           \
    if (result == 0 && recorded(fd)) entry(TRUNCATE, recorded(fd) - 1, length, "", 0); \
    pthread_mutex_unlock(&lock);                                                   \
    return result;                                                                 \
  }
TRUNCATING(ftruncate, off_t)
TRUNCATING(ftruncate64, off64_t)

#define FLUSHING(name)                                                     \
  int name(int fd) {                                                       \
    pthread_mutex_lock(&lock);                                             \
    int result = REAL(name)(fd);                                           \
    if (result == 0 && recorded(fd)) entry(FLUSH, recorded(fd) - 1, 0, "", 0); \
    pthread_mutex_unlock(&lock);                                           \
    return result;                                                         \
  }
FLUSHING(fsync)
FLUSHING(fdatasync)

int unlink(const char *path) {
  pthread_mutex_lock(&lock);
  int result = REAL(unlink)(path);
  if (result == 0 && is_recorded(path)) entry(UNLINK, 0, 0, path, strlen(path));
  pthread_mutex_unlock(&lock);
  return result;
}
