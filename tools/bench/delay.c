/*
 * Stands between two processes on a unix socket and passes bytes on after a time: what a network adds to a link.
 *
 *   delay MICROSECONDS FROM TO [FROM TO]…     listens on each FROM, connects to its TO; each way takes MICROSECONDS
 *
 * Prints a line when it listens; ends when its input does. One thread; no byte waits longer than it must but by the kernel's doing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { listenersMax = 16, linksMax = 64, piecesMax = 256, pieceBytes = 1 << 18 };

typedef struct { uint64_t dueNs; size_t bytes, sent; uint8_t *data; } Piece;
/* One direction: what was read from `from` and is not written to `to`. */
typedef struct { int from, to; Piece pieces[piecesMax]; int first, count; bool ended; } Way;

static struct { int fd; const char *to; } listeners[listenersMax];
static int listenerCount;
static Way *ways[2 * linksMax];
static int wayCount;
static uint64_t delayNs;

static void fail(const char *what) {
  fprintf(stderr, "delay: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t nowNs(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static struct sockaddr_un addressOf(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) fail(path);
  strcpy(address.sun_path, path);
  return address;
}

static int unixSocket(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  return fd;
}

static void listenOn(const char *from, const char *to) {
  struct sockaddr_un address = addressOf(from);
  unlink(from);
  int fd = unixSocket();
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0) fail(from);
  listeners[listenerCount].fd = fd;
  listeners[listenerCount++].to = to;
}

static void addWay(int from, int to) {
  Way *way = calloc(1, sizeof *way);
  if (way == NULL) fail("memory");
  way->from = from, way->to = to;
  fcntl(from, F_SETFL, O_NONBLOCK);
  ways[wayCount++] = way;
}

static void acceptFrom(int index) {
  int near = accept4(listeners[index].fd, NULL, NULL, SOCK_CLOEXEC);
  if (near < 0) return;
  struct sockaddr_un address = addressOf(listeners[index].to);
  int far = unixSocket();
  /* Who is not there is not there for the caller either. */
  if (wayCount + 2 > 2 * linksMax || connect(far, (struct sockaddr *)&address, sizeof address) != 0) {
    close(near), close(far);
    return;
  }
  addWay(near, far), addWay(far, near);
}

static void readFrom(Way *way) {
  Piece *piece = &way->pieces[(way->first + way->count) % piecesMax];
  piece->data = malloc(pieceBytes);
  if (piece->data == NULL) fail("memory");
  ssize_t bytes = read(way->from, piece->data, pieceBytes);
  if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return free(piece->data);
  piece->bytes = bytes > 0 ? (size_t)bytes : 0, piece->sent = 0;
  piece->dueNs = nowNs() + delayNs;
  way->ended = bytes <= 0;
  way->count++;
}

/* False: it is over. */
static bool writeDue(Way *way, uint64_t now) {
  while (way->count > 0 && way->pieces[way->first].dueNs <= now) {
    Piece *piece = &way->pieces[way->first];
    if (piece->bytes == 0) return false;
    ssize_t sent = send(way->to, piece->data + piece->sent, piece->bytes - piece->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (sent < 0) return false;
    piece->sent += (size_t)sent;
    if (piece->sent < piece->bytes) return true;
    free(piece->data);
    way->first = (way->first + 1) % piecesMax, way->count--;
  }
  return true;
}

static void closeLinkOf(Way *over) {
  int a = over->from, b = over->to;
  for (int i = wayCount - 1; i >= 0; i--) {
    if (ways[i]->from != a && ways[i]->from != b) continue;
    for (int at = 0; at < ways[i]->count; at++) free(ways[i]->pieces[(ways[i]->first + at) % piecesMax].data);
    free(ways[i]);
    ways[i] = ways[--wayCount];
  }
  close(a), close(b);
}

static void turn(void) {
  static struct pollfd polls[1 + listenersMax + 2 * linksMax];
  uint64_t now = nowNs(), wakeNs = now + 1000000000ull;
  int count = 0;
  polls[count++] = (struct pollfd){.fd = 0, .events = POLLIN};
  for (int i = 0; i < listenerCount; i++) polls[count++] = (struct pollfd){.fd = listeners[i].fd, .events = POLLIN};
  int firstWay = count;
  for (int i = 0; i < wayCount; i++) {
    Way *way = ways[i];
    bool room = !way->ended && way->count < piecesMax;
    polls[count++] = (struct pollfd){.fd = room ? way->from : -1, .events = POLLIN};
    if (way->count == 0) continue;
    uint64_t dueNs = way->pieces[way->first].dueNs;
    if (dueNs <= now) dueNs = now + 20000; /* the reader is slow: look again soon */
    if (dueNs < wakeNs) wakeNs = dueNs;
  }
  struct timespec wait = {.tv_nsec = (long)((wakeNs - now) % 1000000000ull), .tv_sec = (time_t)((wakeNs - now) / 1000000000ull)};
  if (ppoll(polls, (nfds_t)count, &wait, NULL) < 0 && errno != EINTR) fail("poll");
  char byte;
  if (polls[0].revents != 0 && read(0, &byte, 1) <= 0) exit(0);
  int known = wayCount;
  for (int i = 0; i < known; i++)
    if (polls[firstWay + i].revents != 0) readFrom(ways[i]);
  for (int i = 0; i < listenerCount; i++)
    if (polls[1 + i].revents != 0) acceptFrom(i);
  now = nowNs();
  for (int i = 0; i < wayCount; i++)
    if (!writeDue(ways[i], now)) {
      closeLinkOf(ways[i]);
      return;
    }
}

int main(int argc, char **argv) {
  if (argc < 4 || argc % 2 != 0 || (argc - 2) / 2 > listenersMax) {
    fprintf(stderr, "usage: delay MICROSECONDS FROM TO [FROM TO]…\n");
    return 2;
  }
  delayNs = strtoull(argv[1], NULL, 10) * 1000;
  prctl(PR_SET_TIMERSLACK, 1000);
  for (int i = 2; i < argc; i += 2) listenOn(argv[i], argv[i + 1]);
  printf("listening\n");
  fflush(stdout);
  for (;;) turn();
}
