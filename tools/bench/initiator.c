/*
 * An iSCSI initiator that does nothing but load, for the benchmarks: libiscsi and QEMU saturate long before a target does.
 * One thread; each session is one connection; what a turn of the loop has to say to a session goes out in one send.
 *
 *   initiator [options] iscsi://HOST:PORT/IQN/LUN…        one line of JSON; exit 1 and a reason when anything fails
 *
 *   --operation=read|write|write-fua|write-flush|idle     write-flush: SYNCHRONIZE CACHE after each write, timed together
 *   --bytes=4096 --depth=32 --seconds=1 --warm=0.2        depth is per session
 *   --sessions=1      per unit         --span=MIB         of the unit that is used, from its start (64)
 *   --count=N         ends after so many operations of each session, however long they take; instead of --seconds
 *   --rate=N          operations per second and session at most (0: as fast as it goes)
 *   --stride=N        sequential, and only every Nth place
 *   --sequential      instead of at random              --digests      header and data
 *   --pid=PID         whose processor time is told (may be repeated)
 *
 * Every status is looked at; data that comes is not. Data that goes is incompressible, and no block is written twice alike.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { headerBytes = 48, sectorBytes = 512, sessionsMax = 256, depthMax = 128, pidsMax = 64 };
enum { inputBytes = 1 << 20, poolBytes = 4 << 20, segmentBytes = 262144 };
enum { opNopOut = 0x00, opCommand = 0x01, opLogin = 0x03, opDataOut = 0x05 };
enum { opNopIn = 0x20, opResponse = 0x21, opLoginResponse = 0x23, opDataIn = 0x25, opR2t = 0x31, opAsync = 0x32 };
enum { attentionsMax = 8, loginTurnsMax = 8 };
static const uint32_t noTag = 0xffffffff;

/* Latencies: 64 steps for each power of two of nanoseconds, so that none is off by more than 1.6 %. */
enum { steps = 64, histogramSize = 40 * steps };
typedef struct { uint64_t count, maxNs, at[histogramSize]; } Histogram;

typedef enum { opRead, opWrite, opWriteFua, opWriteFlush, opIdle } Operation;

typedef struct {
  char host[64], iqn[256];
  int port, lun, fd, id;
  uint8_t *in, *out;
  size_t inFill, outFill, outSent, outRoom;
  uint32_t cmdSn;
  bool loggedIn, measuring, immediateData, initialR2t;
  uint32_t firstBurst, sendSegment;
  int attentions, loginTurns, running;
  uint8_t sense[3]; /* key, ASC, ASCQ of the last check condition */
  uint64_t dueNs, placeBlock, random;
  uint64_t startedNs[depthMax + 1], poolAt[depthMax + 1];
  bool flushing[depthMax + 1], free[depthMax + 1];
  uint64_t operations, begun;
  Histogram histogram;
} Session;

static struct {
  Operation operation;
  uint32_t bytes, depth, perUnit, stride;
  double seconds, warmSeconds, rate;
  uint64_t spanBytes, count;
  bool sequential, digests;
  int pids[pidsMax], pidCount;
} options = {
    .operation = opRead, .bytes = 4096, .depth = 32, .perUnit = 1, .stride = 1, .seconds = 1, .warmSeconds = 0.2, .spanBytes = 64ull << 20};
static Session *sessions[sessionsMax];
static int sessionCount;
static uint8_t *pool;
static uint64_t beginNs, countFromNs, endNs, stamp;

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

static uint64_t nowNs(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static uint32_t get24(const uint8_t *p) { return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]; }
static uint32_t get32(const uint8_t *p) { return (uint32_t)p[0] << 24 | get24(p + 1); }
static void put24(uint8_t *p, uint32_t v) { p[0] = v >> 16, p[1] = v >> 8, p[2] = v; }
static void put32(uint8_t *p, uint32_t v) { p[0] = v >> 24, put24(p + 1, v); }

static uint64_t next(uint64_t *state) { /* xorshift64* */
  *state ^= *state >> 12, *state ^= *state << 25, *state ^= *state >> 27;
  return *state * 2685821657736338717ull;
}

/* ---- CRC32C: by the processor where it can, else by a table */

static uint32_t crcTable[256];
static void makeCrcTable(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
    crcTable[i] = c;
  }
}
static uint32_t crcByTable(uint32_t c, const uint8_t *p, size_t n) {
  while (n-- > 0) c = crcTable[(c ^ *p++) & 0xff] ^ c >> 8;
  return c;
}
#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crcByProcessor(uint32_t c, const uint8_t *p, size_t n) {
  uint64_t wide = c;
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  return crcByTable((uint32_t)wide, p, n);
}
#endif
static void putDigest(uint8_t *at, const uint8_t *p, size_t n) {
#if defined(__x86_64__)
  uint32_t c = __builtin_cpu_supports("sse4.2") ? ~crcByProcessor(~0u, p, n) : ~crcByTable(~0u, p, n);
#else
  uint32_t c = ~crcByTable(~0u, p, n);
#endif
  at[0] = c, at[1] = c >> 8, at[2] = c >> 16, at[3] = c >> 24;
}

/* ---- latencies */

static void record(Histogram *h, uint64_t ns) {
  int power = ns < steps ? 0 : 63 - __builtin_clzll(ns) - 5;
  uint64_t index = power == 0 ? ns : (uint64_t)power * steps / 2 + (ns >> power);
  h->at[index < histogramSize ? index : histogramSize - 1]++;
  h->count++;
  if (ns > h->maxNs) h->maxNs = ns;
}
static double atShare(const Histogram *h, double share) {
  uint64_t left = (uint64_t)((double)h->count * share);
  for (uint64_t i = 0; i < histogramSize; i++) {
    if (h->at[i] > left) {
      int power = i < steps ? 0 : (int)((i - steps / 2) / (steps / 2));
      return (double)(power == 0 ? i : (i - (uint64_t)power * steps / 2) << power) / 1000;
    }
    left -= h->at[i];
  }
  return (double)h->maxNs / 1000;
}

/* ---- what is sent */

/* Room at the end of what goes out next; cleared where `clear`. */
static uint8_t *take(Session *s, size_t bytes, bool clear) {
  if (s->outFill + bytes > s->outRoom) {
    while (s->outFill + bytes > s->outRoom) s->outRoom *= 2;
    s->out = realloc(s->out, s->outRoom);
    if (s->out == NULL) fail("out of memory");
  }
  uint8_t *at = s->out + s->outFill;
  s->outFill += bytes;
  if (clear) memset(at, 0, bytes);
  return at;
}

static void seal(Session *s) {
  if (!options.digests || !s->loggedIn) return;
  uint8_t *digest = take(s, 4, false);
  putDigest(digest, digest - headerBytes, headerBytes);
}

/* A part of the pool: incompressible, and different each time by a stamp in each sector. */
static void putData(Session *s, uint64_t from, uint32_t bytes) {
  uint8_t *data = take(s, bytes + (options.digests ? 4 : 0), false);
  memcpy(data, pool + from, bytes);
  for (uint32_t at = 0; at < bytes; at += 4096) {
    stamp++;
    memcpy(data + at, &stamp, sizeof stamp);
  }
  if (options.digests) putDigest(data + bytes, data, bytes);
}

static void sendData(Session *s, uint32_t tag, uint32_t transferTag, uint32_t from, uint32_t to) {
  uint32_t dataSn = 0;
  for (uint32_t at = from; at < to; dataSn++) {
    uint32_t bytes = to - at < s->sendSegment ? to - at : s->sendSegment;
    uint8_t *h = take(s, headerBytes, true);
    h[0] = opDataOut, h[1] = at + bytes == to ? 0x80 : 0;
    put24(h + 5, bytes), h[9] = (uint8_t)s->lun;
    put32(h + 16, tag), put32(h + 20, transferTag), put32(h + 36, dataSn), put32(h + 40, at);
    seal(s);
    putData(s, s->poolAt[tag] + at, bytes);
    at += bytes;
  }
}

static uint8_t *command(Session *s, uint32_t tag, uint8_t flags, uint32_t expected) {
  uint8_t *h = take(s, headerBytes, true);
  h[0] = opCommand, h[1] = flags, h[9] = (uint8_t)s->lun;
  put32(h + 16, tag), put32(h + 20, expected), put32(h + 24, s->cmdSn++);
  return h;
}

static uint32_t nextPlace(Session *s) { /* in sectors */
  uint64_t places = options.spanBytes / options.bytes;
  uint64_t place = options.sequential ? s->placeBlock++ * options.stride % places : next(&s->random) % places;
  return (uint32_t)(place * options.bytes / sectorBytes);
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

static void start(Session *s, uint32_t tag, uint64_t now) {
  bool isWrite = options.operation != opRead;
  uint32_t bytes = options.bytes;
  s->running++;
  s->begun++;
  s->free[tag] = false;
  s->startedNs[tag] = now;
  s->poolAt[tag] = next(&s->random) % ((poolBytes - bytes) / 64) * 64;
  uint32_t first = isWrite ? smaller(bytes, s->firstBurst) : 0;
  uint32_t atOnce = s->immediateData ? smaller(first, s->sendSegment) : 0;
  bool more = first > atOnce && !s->initialR2t;
  uint8_t *h = command(s, tag, (more ? 0 : 0x80) | (isWrite ? 0x20 : 0x40) | 1, bytes);
  put24(h + 5, isWrite ? atOnce : 0);
  h[32] = isWrite ? 0x2a : 0x28;
  h[33] = options.operation == opWriteFua ? 8 : 0;
  put32(h + 34, nextPlace(s));
  h[39] = (uint8_t)(bytes / sectorBytes >> 8), h[40] = (uint8_t)(bytes / sectorBytes);
  seal(s);
  if (!isWrite) return;
  if (atOnce > 0) putData(s, s->poolAt[tag], atOnce);
  if (more) sendData(s, tag, noTag, atOnce, first);
}

static void startFlush(Session *s, uint32_t tag) {
  s->flushing[tag] = true;
  uint8_t *h = command(s, tag, 0x80 | 1, 0);
  h[32] = 0x35;
  seal(s);
}

static void startNothing(Session *s) { /* TEST UNIT READY: takes a unit attention */
  command(s, 1, 0x80 | 1, 0);
  seal(s);
}

static void flushOut(Session *s) {
  while (s->outSent < s->outFill) {
    ssize_t sent = send(s->fd, s->out + s->outSent, s->outFill - s->outSent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (sent < 0) fail("send: %s", strerror(errno));
    s->outSent += (size_t)sent;
  }
  s->outFill = s->outSent = 0;
}

/* ---- what comes */

static bool isOver(uint64_t now) { return now >= endNs; }

static bool isSated(const Session *s) { return options.count > 0 && s->begun >= options.count; }

/* Starts what is due: at once, or at its time where a rate is given. */
static void refill(Session *s, uint64_t now) {
  if (!s->measuring || isOver(now)) return;
  for (uint32_t tag = 1; tag <= options.depth; tag++) {
    if (!s->free[tag] || isSated(s)) continue;
    if (options.rate > 0 && s->dueNs > now) return;
    /* What starts late was due all the same: its latency counts from then. */
    start(s, tag, options.rate > 0 ? s->dueNs : now);
    s->dueNs += options.rate > 0 ? (uint64_t)(1e9 / options.rate) : 0;
  }
}

static void finished(Session *s, uint32_t tag, uint8_t status, uint64_t now) {
  if (!s->measuring) {
    if (++s->attentions > attentionsMax) fail("the unit does not get ready");
    if (status != 0) return startNothing(s);
    s->measuring = options.operation != opIdle;
    s->dueNs = now;
    for (uint32_t free = 1; free <= options.depth; free++) s->free[free] = true;
    return;
  }
  if (status != 0) fail("status 0x%02x, sense key/ASC/ASCQ %x/%02x/%02x", status, s->sense[0], s->sense[1], s->sense[2]);
  if (tag == 0 || tag > options.depth) fail("an answer to nothing");
  if (options.operation == opWriteFlush && !s->flushing[tag]) return startFlush(s, tag);
  s->flushing[tag] = false;
  s->running--;
  s->free[tag] = true;
  if (now < countFromNs || now > endNs) return;
  s->operations++;
  record(&s->histogram, now - s->startedNs[tag]);
  if (options.rate > 0 || isSated(s)) return;
  start(s, tag, now);
}

static void answerPing(Session *s, uint32_t transferTag) {
  uint8_t *h = take(s, headerBytes, true);
  h[0] = opNopOut | 0x40, h[1] = 0x80;
  put32(h + 16, noTag), put32(h + 20, transferTag), put32(h + 24, s->cmdSn);
  seal(s);
}

static uint32_t keyNumber(const uint8_t *text, size_t bytes, const char *key, uint32_t absent) {
  for (size_t at = 0; at < bytes; at += strnlen((const char *)text + at, bytes - at) + 1) {
    size_t length = strlen(key);
    if (bytes - at > length && memcmp(text + at, key, length) == 0 && text[at + length] == '=') {
      const char *value = (const char *)text + at + length + 1;
      return *value == 'Y' ? 1 : *value == 'N' ? 0 : (uint32_t)strtoul(value, NULL, 10);
    }
  }
  return absent;
}

static uint8_t *loginHeader(Session *s, size_t textBytes) {
  uint8_t *h = take(s, headerBytes + ((textBytes + 3) & ~(size_t)3), true);
  h[0] = opLogin | 0x40, h[1] = 0x80 | 1 << 2 | 3; /* from operational negotiation to full feature phase */
  put24(h + 5, (uint32_t)textBytes);
  put32(h + 8, 0x80000000u | ((uint32_t)getpid() & 0xffff)), h[12] = (uint8_t)(s->id >> 8), h[13] = (uint8_t)s->id;
  put32(h + 16, 1), put32(h + 24, s->cmdSn);
  return h;
}

static void onLogin(Session *s, const uint8_t *h, const uint8_t *text, size_t bytes) {
  if (h[36] != 0 || h[37] != 0) fail("login refused: 0x%02x%02x", h[36], h[37]);
  s->immediateData = keyNumber(text, bytes, "ImmediateData", s->immediateData) == 1;
  s->initialR2t = keyNumber(text, bytes, "InitialR2T", s->initialR2t) == 1;
  s->firstBurst = keyNumber(text, bytes, "FirstBurstLength", s->firstBurst);
  s->sendSegment = smaller(segmentBytes, keyNumber(text, bytes, "MaxRecvDataSegmentLength", s->sendSegment));
  s->loggedIn = (h[1] & 0x80) != 0;
  if (s->loggedIn) return startNothing(s);
  if (++s->loginTurns > loginTurnsMax) fail("the login does not end");
  loginHeader(s, 0);
}

/* Sense data of fixed format after its two bytes of length (RFC 7143 11.4.7.2, SPC-4 4.5.3). */
static void noteSense(Session *s, const uint8_t *data, size_t bytes) {
  if (bytes < 16) return;
  s->sense[0] = data[4] & 0x0f, s->sense[1] = data[14], s->sense[2] = data[15];
}

static void onPdu(Session *s, const uint8_t *h, const uint8_t *data, size_t bytes, uint64_t now) {
  uint32_t tag = get32(h + 16);
  switch (h[0] & 0x3f) {
    case opResponse:
      noteSense(s, data, bytes);
      return finished(s, tag, h[3], now);
    case opDataIn:
      if (h[1] & 1) finished(s, tag, h[3], now);
      return;
    case opR2t: return sendData(s, tag, get32(h + 20), get32(h + 40), get32(h + 40) + get32(h + 44));
    case opNopIn:
      if (get32(h + 20) != noTag) answerPing(s, get32(h + 20));
      return;
    case opLoginResponse: return onLogin(s, h, data, bytes);
    case opAsync: return;
    default: fail("an answer of kind 0x%02x", h[0] & 0x3f);
  }
}

static void receive(Session *s) {
  ssize_t got = recv(s->fd, s->in + s->inFill, inputBytes - s->inFill, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) fail("the target closed the connection");
  s->inFill += (size_t)got;
  uint64_t now = nowNs();
  size_t at = 0;
  while (s->inFill - at >= headerBytes) {
    const uint8_t *h = s->in + at;
    size_t digest = options.digests && s->loggedIn ? 4 : 0;
    size_t bytes = get24(h + 5), head = headerBytes + digest + (size_t)h[4] * 4;
    size_t whole = head + ((bytes + 3) & ~(size_t)3) + (bytes > 0 ? digest : 0);
    if (whole > inputBytes) fail("a PDU of %zu bytes", whole);
    if (s->inFill - at < whole) break;
    onPdu(s, h, h + head, bytes, now);
    at += whole;
  }
  memmove(s->in, s->in + at, s->inFill - at);
  s->inFill -= at;
}

/* ---- sessions */

static void sendLogin(Session *s) {
  const char *digest = options.digests ? "CRC32C" : "None";
  char text[1024];
  int bytes = snprintf(text, sizeof text,
                       "InitiatorName=iqn.2016-09.com.openebs.csi:bench%cSessionType=Normal%cTargetName=%s%c"
                       "HeaderDigest=%s%cDataDigest=%s%cInitialR2T=No%cImmediateData=Yes%cMaxRecvDataSegmentLength=%d%c"
                       "MaxBurstLength=262144%cFirstBurstLength=262144%cMaxOutstandingR2T=1%c",
                       0, 0, s->iqn, 0, digest, 0, digest, 0, 0, 0, segmentBytes, 0, 0, 0, 0);
  memcpy(loginHeader(s, (size_t)bytes) + headerBytes, text, (size_t)bytes);
}

static void openSession(const char *url) {
  if (sessionCount == sessionsMax) fail("at most %d sessions", sessionsMax);
  Session *s = calloc(1, sizeof *s);
  if (s == NULL) fail("out of memory");
  if (sscanf(url, "iscsi://%63[^:]:%d/%255[^/]/%d", s->host, &s->port, s->iqn, &s->lun) != 4)
    fail("%s is not iscsi://HOST:PORT/IQN/LUN", url);
  s->id = sessionCount;
  s->cmdSn = 1;
  s->immediateData = s->initialR2t = true; /* what holds until something else is said (RFC 7143 §13) */
  s->firstBurst = 65536, s->sendSegment = 8192;
  s->random = 0x9e3779b97f4a7c15ull * (uint64_t)(sessionCount + 1) ^ (uint64_t)getpid();
  s->in = malloc(inputBytes);
  s->outRoom = 1 << 16;
  s->out = malloc(s->outRoom);
  s->fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
  if (s->in == NULL || s->out == NULL || s->fd < 0) fail("out of memory or sockets");
  if (inet_pton(AF_INET, s->host, &to.sin_addr) != 1) fail("%s is no IPv4 address", s->host);
  if (connect(s->fd, (struct sockaddr *)&to, sizeof to) != 0) fail("connect to %s:%d: %s", s->host, s->port, strerror(errno));
  int one = 1;
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sessions[sessionCount++] = s;
  sendLogin(s);
}

/* ---- processor time: of all threads of a process, in nanoseconds */

static uint64_t processorNs(int pid) {
  char path[320];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (tasks == NULL) fail("no process %d", pid);
  uint64_t total = 0;
  for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
    FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
    if (file == NULL) continue;
    unsigned long long ns;
    if (fscanf(file, "%llu", &ns) == 1) total += ns;
    fclose(file);
  }
  closedir(tasks);
  return total;
}

/* ---- the loop */

static bool allReady(void) {
  for (int i = 0; i < sessionCount; i++)
    if (options.operation == opIdle ? !sessions[i]->loggedIn : !sessions[i]->measuring) return false;
  return true;
}

/* One turn; `startNew`: the clock runs. */
static void turn(struct pollfd *polls, bool startNew, uint64_t until) {
  uint64_t now = nowNs(), wakeNs = until;
  for (int i = 0; i < sessionCount; i++) {
    Session *s = sessions[i];
    if (startNew) refill(s, now);
    flushOut(s);
    polls[i] = (struct pollfd){.fd = s->fd, .events = (short)(POLLIN | (s->outFill > 0 ? POLLOUT : 0))};
    if (startNew && options.rate > 0 && s->running < (int)options.depth && s->dueNs < wakeNs) wakeNs = s->dueNs;
  }
  uint64_t waitNs = wakeNs > now ? wakeNs - now : 0;
  struct timespec wait = {.tv_sec = (time_t)(waitNs / 1000000000ull), .tv_nsec = (long)(waitNs % 1000000000ull)};
  if (ppoll(polls, (nfds_t)sessionCount, &wait, NULL) < 0 && errno != EINTR) fail("poll: %s", strerror(errno));
  for (int i = 0; i < sessionCount; i++) {
    if (polls[i].revents & (POLLIN | POLLERR | POLLHUP)) receive(sessions[i]);
    flushOut(sessions[i]);
  }
}

static int runningOfAll(void) {
  int running = 0;
  for (int i = 0; i < sessionCount; i++) running += sessions[i]->running;
  return running;
}

static bool allSated(void) {
  for (int i = 0; i < sessionCount; i++)
    if (!isSated(sessions[i]) || sessions[i]->running > 0) return false;
  return true;
}

static void run(void) {
  static struct pollfd polls[sessionsMax];
  static uint64_t before[pidsMax], after[pidsMax];
  const uint64_t second = 1000000000ull;
  const uint64_t giveUpNs = nowNs() + 30 * second;
  while (!allReady()) {
    if (nowNs() > giveUpNs) fail("the target does not let everybody in");
    endNs = 0;
    turn(polls, false, giveUpNs);
  }
  beginNs = nowNs();
  countFromNs = beginNs + (uint64_t)(options.warmSeconds * 1e9);
  endNs = countFromNs + (uint64_t)(options.seconds * 1e9);
  /* Sessions that know nothing of each other: where in its period each begins is chance. */
  const uint64_t periodNs = options.rate > 0 ? (uint64_t)(1e9 / options.rate) : 1000000;
  for (int i = 0; i < sessionCount; i++) sessions[i]->dueNs = beginNs + next(&sessions[i]->random) % periodNs;
  while (nowNs() < countFromNs) turn(polls, true, countFromNs);
  for (int i = 0; i < options.pidCount; i++) before[i] = processorNs(options.pids[i]);
  while (nowNs() < endNs && !allSated()) turn(polls, true, endNs);
  if (options.count > 0) options.seconds = (double)(nowNs() - countFromNs) / 1e9;
  for (int i = 0; i < options.pidCount; i++) after[i] = processorNs(options.pids[i]);
  const uint64_t drainNs = nowNs() + 30 * second;
  while (runningOfAll() > 0) {
    if (nowNs() > drainNs) fail("%d operations are not answered", runningOfAll());
    turn(polls, false, drainNs);
  }
  Histogram all = {0};
  printf("{\"seconds\":%.6f,\"sessions\":[", options.seconds);
  for (int i = 0; i < sessionCount; i++) {
    const Histogram *h = &sessions[i]->histogram;
    for (int at = 0; at < histogramSize; at++) all.at[at] += h->at[at];
    all.count += h->count;
    if (h->maxNs > all.maxNs) all.maxNs = h->maxNs;
    printf("%s{\"operations\":%llu,\"p50Us\":%.2f,\"p99Us\":%.2f}", i > 0 ? "," : "", (unsigned long long)h->count,
           atShare(h, 0.5), atShare(h, 0.99));
  }
  printf("],\"operations\":%llu,\"p50Us\":%.2f,\"p99Us\":%.2f,\"maxUs\":%.2f,\"processorNs\":[", (unsigned long long)all.count,
         atShare(&all, 0.5), atShare(&all, 0.99), (double)all.maxNs / 1000);
  for (int i = 0; i < options.pidCount; i++)
    printf("%s%llu", i > 0 ? "," : "", (unsigned long long)(after[i] - before[i]));
  printf("]}\n");
}

static Operation operationOf(const char *name) {
  static const char *names[] = {"read", "write", "write-fua", "write-flush", "idle"};
  for (int i = 0; i <= opIdle; i++)
    if (strcmp(name, names[i]) == 0) return (Operation)i;
  fail("no operation %s", name);
  return opIdle;
}

static void readOptions(int argc, char **argv) {
  enum { tOperation = 1, tBytes, tDepth, tSeconds, tWarm, tSessions, tSpan, tRate, tSequential, tStride, tCount, tDigests, tPid };
  static const struct option table[] = {
      {"operation", 1, NULL, tOperation}, {"bytes", 1, NULL, tBytes},       {"depth", 1, NULL, tDepth},
      {"seconds", 1, NULL, tSeconds},     {"warm", 1, NULL, tWarm},         {"sessions", 1, NULL, tSessions},
      {"span", 1, NULL, tSpan},           {"rate", 1, NULL, tRate},         {"sequential", 0, NULL, tSequential},
      {"stride", 1, NULL, tStride},       {"count", 1, NULL, tCount},       {"digests", 0, NULL, tDigests},
      {"pid", 1, NULL, tPid},             {NULL, 0, NULL, 0}};
  for (int given; (given = getopt_long(argc, argv, "", table, NULL)) != -1;) switch (given) {
      case tOperation: options.operation = operationOf(optarg); break;
      case tBytes: options.bytes = (uint32_t)strtoul(optarg, NULL, 10); break;
      case tDepth: options.depth = (uint32_t)strtoul(optarg, NULL, 10); break;
      case tSeconds: options.seconds = strtod(optarg, NULL); break;
      case tWarm: options.warmSeconds = strtod(optarg, NULL); break;
      case tSessions: options.perUnit = (uint32_t)strtoul(optarg, NULL, 10); break;
      case tSpan: options.spanBytes = strtoull(optarg, NULL, 10) << 20; break;
      case tRate: options.rate = strtod(optarg, NULL); break;
      case tSequential: options.sequential = true; break;
      case tCount: options.count = strtoull(optarg, NULL, 10), options.seconds = 3600, options.warmSeconds = 0; break;
      case tStride: options.stride = (uint32_t)strtoul(optarg, NULL, 10), options.sequential = true; break;
      case tDigests: options.digests = true; break;
      case tPid:
        if (options.pidCount == pidsMax) fail("at most %d processes", pidsMax);
        options.pids[options.pidCount++] = atoi(optarg);
        break;
      default: exit(2);
    }
  if (options.depth < 1 || options.depth > depthMax) fail("--depth: 1 to %d", depthMax);
  if (options.bytes < 4096 || options.bytes > 1 << 20 || options.bytes % 4096 != 0) fail("--bytes: whole 4096, up to 1 MiB");
  if (options.stride < 1) fail("--stride: at least 1");
  if (options.spanBytes < options.bytes) fail("--span: at least --bytes");
  if (optind == argc) fail("give iscsi://HOST:PORT/IQN/LUN");
}

int main(int argc, char **argv) {
  readOptions(argc, argv);
  prctl(PR_SET_TIMERSLACK, 1000); /* --rate is kept to the microsecond */
  makeCrcTable();
  pool = malloc(poolBytes);
  if (pool == NULL) fail("out of memory");
  uint64_t state = 88172645463325252ull;
  for (size_t at = 0; at < poolBytes; at += 8) {
    uint64_t word = next(&state);
    memcpy(pool + at, &word, 8);
  }
  stamp = nowNs();
  for (int at = optind; at < argc; at++)
    for (uint32_t i = 0; i < options.perUnit; i++) openSession(argv[at]);
  run();
  return 0;
}
