#!/usr/bin/env python3
"""Reads pools of Caskade without Caskade: lists their volumes, extracts one. Written from docs/disk-format.md alone.

    tools/pool-reader.py list DEVICE...
    tools/pool-reader.py extract VOLUME OUT [--snapshot NAME] DEVICE...

As of the newest root and the intent log behind it: what the last completed flush left. Every byte that is answered
matched its checksum; up to as many devices as a group has parity may be missing or lie.
"""
import argparse
import json
import struct
import sys

from zstd_frame import unpack_zstd

UNIT, SECTOR, CHUNK = 4096, 512, 16384
KIB, MIB = 1024, 1024 * 1024
M64 = 2**64 - 1
P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)


class Damaged(Exception):
    """What is sought can not be had from these devices."""


# --- checksums -------------------------------------------------------------------------------------------------

def rotl(x, k):
    return ((x << k) | (x >> (64 - k))) & M64


def xxh64(data, seed):
    n, at = len(data), 0
    if n >= 32:
        a, b, c, d = (seed + P1 + P2) & M64, (seed + P2) & M64, seed, (seed - P1) & M64
        whole = n // 32
        words = struct.unpack_from('<%dQ' % (whole * 4), data)
        for i in range(0, whole * 4, 4):
            a = (rotl((a + words[i] * P2) & M64, 31) * P1) & M64
            b = (rotl((b + words[i + 1] * P2) & M64, 31) * P1) & M64
            c = (rotl((c + words[i + 2] * P2) & M64, 31) * P1) & M64
            d = (rotl((d + words[i + 3] * P2) & M64, 31) * P1) & M64
        at = whole * 32
        h = (rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)) & M64
        for v in (a, b, c, d):
            h = ((h ^ (rotl((v * P2) & M64, 31) * P1) & M64) * P1 + P4) & M64
    else:
        h = (seed + P5) & M64
    h = (h + n) & M64
    while at + 8 <= n:
        k = (rotl((int.from_bytes(data[at:at + 8], 'little') * P2) & M64, 31) * P1) & M64
        h = (rotl(h ^ k, 27) * P1 + P4) & M64
        at += 8
    if at + 4 <= n:
        h = (rotl(h ^ (int.from_bytes(data[at:at + 4], 'little') * P1) & M64, 23) * P2 + P3) & M64
        at += 4
    for byte in data[at:]:
        h = (rotl(h ^ (byte * P5) & M64, 11) * P1) & M64
    h = ((h ^ (h >> 33)) * P2) & M64
    h = ((h ^ (h >> 29)) * P3) & M64
    return h ^ (h >> 32)


def checksum(data, salt):
    return struct.pack('<QQ', xxh64(data, salt), xxh64(data, ((salt ^ M64) * P3) & M64))


def holds_own_sum(data, at, salt):
    """Whether the checksum that stands at `at` is that of the bytes with zeros in its place."""
    return checksum(data[:at] + bytes(16) + data[at + 16:], salt) == data[at:at + 16]


# --- devices, labels, roots ------------------------------------------------------------------------------------

class Device:
    def __init__(self, path):
        self.path, self.file = path, open(path, 'rb')
        self.size = self.file.seek(0, 2) // UNIT * UNIT

    def read(self, at, length):
        self.file.seek(at)
        data = self.file.read(length)
        return data if len(data) == length else None


def read_label(device, at):
    header = device.read(at, 16 * KIB)
    if header is None or header[:16] != b'CASKADE-POOL\0\0\0\0' or not holds_own_sum(header, 24, 0x08000000 << 32):
        return None
    length, = struct.unpack_from('<I', header, 16)
    return json.loads(header[64:64 + length])


def read_roots(device, at):
    ring = device.read(at + 512 * KIB, 128 * UNIT) or b''
    for i in range(0, len(ring), UNIT):
        slot = ring[i:i + UNIT]
        magic, version, flags, length, devices = struct.unpack_from('<IIIHH', slot)
        if magic != 0x544F4F52 or version != 2 or not holds_own_sum(slot, 16, 0x10000000 << 32):
            continue
        states = {}
        for d in range(devices):
            guid, good, join, cursor, state = struct.unpack_from('<8sQQII', slot, 2048 + 32 * d)
            states[guid.hex()] = (good, join, cursor, state)
        txg, = struct.unpack_from('<Q', slot, 40)
        yield {'pool': slot[32:40].hex(), 'txg': txg, 'slot': slot, 'payload': slot[64:64 + length],
               'devices': states, 'clean': flags & 1 == 1}


# --- groups: rows, copies, parity ------------------------------------------------------------------------------

EXP, LOG = [0] * 512, [0] * 256
_x = 1
for _i in range(255):
    EXP[_i] = EXP[_i + 255] = _x
    LOG[_x] = _i
    _x = (_x << 1) ^ (0x11D if _x & 0x80 else 0)
TIMES = [bytes(0 if b == 0 or k == 0 else EXP[LOG[b] + LOG[k]] for b in range(256)) for k in range(256)]


def xor(a, b):
    return (int.from_bytes(a, 'little') ^ int.from_bytes(b, 'little')).to_bytes(len(a), 'little')


def solve(rows, pieces, wanted, d):
    """Data column `wanted` from any d columns: `rows` are their coefficients, by elimination over GF(2^8)."""
    rows, pieces = [list(r) for r in rows], list(pieces)
    for col in range(d):
        pivot = next((i for i in range(col, len(rows)) if rows[i][col]), None)
        if pivot is None:
            return None
        rows[col], rows[pivot] = rows[pivot], rows[col]
        pieces[col], pieces[pivot] = pieces[pivot], pieces[col]
        inverse = EXP[255 - LOG[rows[col][col]]]
        rows[col] = [TIMES[inverse][v] for v in rows[col]]
        pieces[col] = pieces[col].translate(TIMES[inverse])
        for i in range(len(rows)):
            factor = rows[i][col]
            if i != col and factor:
                rows[i] = [v ^ TIMES[factor][w] for v, w in zip(rows[i], rows[col])]
                pieces[i] = xor(pieces[i], pieces[col].translate(TIMES[factor]))
    return pieces[wanted]


def choices(items, count):
    if count == 0:
        yield []
    elif len(items) >= count:
        for rest in choices(items[1:], count - 1):
            yield [items[0]] + rest
        yield from choices(items[1:], count)


class Group:
    def __init__(self, layout, label, devices):
        self.label, self.devices, n = label, devices, len(devices)
        self.mirror = layout in ('stripe', 'mirror')
        self.p = {'stripe': 0, 'mirror': n - 1, 'raidz': 1, 'raidz2': 2}[layout]
        self.d, self.n = n - self.p, n
        self.segments = label['segments']
        self.units = self.d * label['segmentBytes'] // UNIT
        data = self.units - -(-self.units // 256)
        self.data_units = data - data % (4 * self.d)

    def column(self, segment, column, at):
        device = self.devices[(column + segment) % self.n]
        if device is None:
            return None
        return device.read(MIB + self.label['logBytes'] + segment * self.label['segmentBytes'] + at, UNIT)

    def read(self, segment, unit, is_good):
        """One unit; other copies and columns are tried until one is good."""
        at = unit // (4 * self.d) * CHUNK + unit % 4 * UNIT
        column = unit // 4 % self.d
        for copy in range(self.n if self.mirror else 1):
            data = self.column(segment, copy if self.mirror else column, at)
            if data is not None and is_good(data):
                return data
        if not self.mirror:
            pieces = {c: self.column(segment, c, at) for c in range(self.n) if c != column}
            there = [c for c, data in pieces.items() if data is not None]
            for chosen in choices(there, self.d):
                rows = [[1 if c == k else 0 for k in range(self.d)] if c < self.d
                        else [1 if c == self.d else EXP[k] for k in range(self.d)] for c in chosen]
                data = solve(rows, [pieces[c] for c in chosen], column, self.d)
                if data is not None and is_good(data):
                    return data
        raise Damaged('unit %d of segment %d: no good copy' % (unit, segment))


# --- decoding --------------------------------------------------------------------------------------------------

class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from('<' + form, self.data, self.at)
        self.at += struct.calcsize('<' + form)
        return values if len(values) > 1 else values[0]

    def u64(self):
        return self.take('Q')

    def raw(self, length):
        self.at += length
        return self.data[self.at - length:self.at]

    def bytes(self):
        return self.raw(self.u64())

    def text(self):
        return self.bytes().decode()

    def place(self):
        txg, length, count = self.take('QQQ')
        return txg, length, [self.take('IIII') for _ in range(count)]

    def tree(self):
        levels, root = self.u64(), self.raw(32)
        counts = self.take('QQQ')
        pending = [self.u64() for _ in range(self.u64())]
        return {'levels': levels, 'root': root, 'blocks': counts[0], 'pending': pending}


def unpack_lz4(data, length):
    out, at = bytearray(), 0
    while at < len(data):
        token = data[at]
        at += 1
        count = token >> 4
        if count == 15:
            while True:
                count += data[at]
                at += 1
                if data[at - 1] != 255:
                    break
        out += data[at:at + count]
        at += count
        if at >= len(data):
            break
        back = data[at] | data[at + 1] << 8
        at += 2
        count = token & 15
        if count == 15:
            while True:
                count += data[at]
                at += 1
                if data[at - 1] != 255:
                    break
        for _ in range(count + 4):
            out.append(out[-back])
    return bytes(out) if len(out) == length else None


class Pointer:
    def __init__(self, raw):
        w = struct.unpack('<8I', raw)
        self.kind, self.compression = w[1] >> 27 & 3, w[1] >> 29
        self.batch = w[0] | (w[1] & 0xFF) << 32
        self.offset, self.sectors = w[1] >> 8 & 0x7FF, w[1] >> 19 & 0xFF
        self.birth = w[2] | (w[3] & 0x1FFFFF) << 32
        self.sum = raw[16:]


def plain(stored, pointer, number):
    """The 4096 bytes of a block, or None when they are not what the pointer promises."""
    if pointer.compression != 0:
        length, = struct.unpack_from('<H', stored)
        try:
            stored = (unpack_lz4 if pointer.compression == 1 else unpack_zstd)(stored[2:2 + length], UNIT)
        except IndexError:
            return None
    return stored if stored is not None and checksum(stored, number) == pointer.sum else None


def write_block(out, size, number, content):
    out.seek(number * UNIT)
    out.write(content[:size - number * UNIT])


# --- the log ---------------------------------------------------------------------------------------------------

class Log:
    """What was flushed after the root: groups of records, each applied as a whole."""
    def __init__(self, pool, is_apart, position, turns):
        self.pool = pool
        self.incarnation, self.offset, self.sequence, self.group, self.previous = position
        self.turns = turns
        self.turn()
        if is_apart:
            lists = pool.label['logs']
            self.each = min(d['sizeBytes'] // UNIT * UNIT - 2 * MIB for devices in lists for d in devices)
            self.areas = pool.logs
        else:
            group = pool.label['groups'][0]
            self.each, self.areas = group['logBytes'], [pool.groups[0].all]
        self.size = self.each * len(self.areas)
        self.batches = {}

    def turn(self):
        """Later imports went on behind groups that they had found whole."""
        for group, incarnation in self.turns:
            if group == self.group:
                self.incarnation = incarnation

    def copies(self, at, length):
        """What the devices have there, one copy after the other."""
        for copy in range(max(len(area) for area in self.areas)):
            data, begin = b'', at
            while len(data) < length:
                area, offset = self.areas[begin // self.each], begin % self.each
                part = min(length - len(data), self.each - offset)
                device = area[copy] if copy < len(area) else None
                found = device.read(MIB + offset, part) if device else None
                if found is None:
                    break
                data, begin = data + found, begin + part
            else:
                yield data

    def next_block(self):
        for data in self.copies(self.offset, min(256 * KIB, self.size - self.offset)):
            magic, version, pool, incarnation, flags, group, sequence, _root = struct.unpack_from('<II8sIIQQQ', data)
            length, = struct.unpack_from('<I', data, 64)
            whole = -(-(96 + length) // UNIT) * UNIT
            if magic != 0x474F4C43 or version != 1 or pool.hex() != self.pool.label['pool'] or whole > len(data):
                continue
            if (incarnation, group, sequence, data[48:64]) != (
                    self.incarnation, self.group, self.sequence, self.previous):
                continue
            if holds_own_sum(data[:whole], 80, 0x02000001 << 32):
                self.offset, self.sequence, self.previous = (self.offset + whole) % self.size, sequence + 1, data[80:96]
                return data[96:96 + length], flags & 1 == 1
        return None

    def groups(self):
        parts = []
        while True:
            block = self.next_block()
            if block is None:
                return
            parts.append(block[0])
            if block[1]:
                self.group += 1
                self.turn()
                yield b''.join(parts)
                parts = []

    def replay(self):
        waiting = None
        for payload in self.groups():
            if waiting is not None:
                self.apply(waiting)
            waiting = payload
        # the data of all groups but the last one was flushed before the next one was written, and what an import went on
        # behind was whole then
        if waiting is not None:
            if self.group <= max((group for group, _incarnation in self.turns), default=0):
                self.apply(waiting)
                return
            try:
                self.apply(waiting, only_try=True)
            except Damaged:
                return
            self.apply(waiting)

    def apply(self, payload, only_try=False):
        volumes = {v['slot']: v for v in self.pool.volumes}
        records, inline = list(records_of(payload)), {}
        for kind, _slot, body in records:
            if kind == 17:
                name = Pointer(body[:8] + bytes(24))
                inline[name.batch, name.offset] = body[8:]
        for kind, slot, body in records:
            if kind == 16:
                batch, group, segment, first = struct.unpack_from('<QIII', body)
                self.batches[batch] = (group, segment, first)
            elif kind in (1, 2):
                self.wrote(volumes[slot], kind, body, inline, only_try)
            elif not only_try and kind != 17:
                note(volumes[slot], kind, body)

    def wrote(self, volume, kind, body, inline, only_try):
        number, first, count = struct.unpack_from('<QQQ', body)
        for i in range(count):
            pointer = Pointer(body[24 + 32 * i:56 + 32 * i])
            content = None
            if pointer.kind == 1:
                content = self.content(pointer, first + i, inline.get((pointer.batch, pointer.offset)))
                if only_try:
                    content()
            if not only_try:
                volume['changes'].append((first + i, 1, content))
        if not only_try and kind == 1:
            volume['last'] = number

    def content(self, pointer, number, stored):
        if stored is not None:
            found = plain(stored, pointer, number)
            if found is None:
                raise Damaged('block %d of the log is not what its pointer promises' % number)
            return lambda: found
        if pointer.batch not in self.batches:
            raise Damaged('batch %d has no place in the log' % pointer.batch)
        group, segment, first = self.batches[pointer.batch]
        return lambda: self.pool.block(pointer, number, (group, segment, first + pointer.offset // 8))


def records_of(payload):
    at = 0
    while at < len(payload):
        kind, slot, length = struct.unpack_from('<HHI', payload, at)
        yield kind, slot, payload[at + 8:at + 8 + length]
        at += 8 + -(-length // 8) * 8


def note(volume, kind, body):
    """Records that are no data: of what is not here (properties, annotations, the record) a reader needs nothing."""
    if kind in (3, 4):
        number, first, count = struct.unpack('<QQQ', body)
        volume['changes'].append((first, count, None))
        if kind == 3:
            volume['last'] = number
    elif kind == 5:
        volume['last'], = struct.unpack('<Q', body)
    elif kind == 6:
        volume['last'], volume['size'] = struct.unpack('<QQ', body)
    elif kind == 10:
        volume['snapshots'][body.decode()] = dict(
            {what: volume[what] for what in ('last', 'size', 'tree')}, changes=list(volume['changes']))
    elif kind == 11:
        del volume['snapshots'][body.decode()]
    elif kind == 12:
        snapshot = volume['snapshots'][body.decode()]
        volume.update(snapshot, changes=list(snapshot['changes']))


# --- the pool --------------------------------------------------------------------------------------------------

class Pool:
    def __init__(self, paths):
        devices = [Device(path) for path in paths]
        labels, roots = {}, []
        for device in devices:
            for at in (0, device.size - MIB):
                label = read_label(device, at) if at >= 0 else None
                if label is None and at == 0:
                    label = read_label(device, 32 * 1024)
                if label is not None:
                    labels[device] = label
                    roots += read_roots(device, at)
        if not labels:
            raise Damaged('no device carries a pool')
        self.label = max(labels.values(), key=lambda label: label['generation'])
        if self.label['version'] != 2 or self.label['features']['required']:
            raise Damaged('format version %s, features %s' % (self.label['version'], self.label['features']))
        roots = [root for root in roots if root['pool'] == self.label['pool']]
        if not roots:
            raise Damaged('no root is whole')
        self.root = max(roots, key=lambda root: root['txg'])
        if any(r['slot'] != self.root['slot'] for r in roots if r['txg'] == self.root['txg']):
            raise Damaged('the pool forked')
        here = {label['device']: device for device, label in labels.items()}
        self.groups = []
        for group in self.label['groups']:
            members = [here.get(d['guid']) for d in group['devices']]
            # 2: failed; what syncing devices lack is found out by the checksums
            members = [None if self.root['devices'][d['guid']][3] == 2 else member
                       for d, member in zip(group['devices'], members)]
            self.groups.append(Group(self.label['layout'], group, members))
            self.groups[-1].all = [here.get(d['guid']) for d in group['devices']]
        self.logs = [[here.get(d['guid']) for d in devices] for devices in self.label['logs']]
        self.load()

    def load(self):
        payload = Reader(self.root['payload'])
        version, _next_batch, flags = payload.take('QQQ')
        if version != 1:
            raise Damaged('a root payload of version %d' % version)
        position = payload.take('QQQQ') + (payload.bytes(),)
        directory_place = payload.place()
        turns = [payload.take('QQ') for _ in range(payload.u64() if flags & 4 else 0)]
        directory = Reader(self.item(directory_place))
        if directory.u64() != 1:
            raise Damaged('an item directory of another version')
        for _ in range(directory.u64()):
            directory.take('QQQ')
        self.places = {}
        for _ in range(directory.u64()):
            key = directory.text()
            self.places[key] = directory.place()
        self.load_table()
        self.volumes = [self.load_volume(key) for key in sorted(self.places) if key.startswith('volume/')]
        if flags & 2 == 0:
            Log(self, flags & 1 == 1, position, turns).replay()

    def item(self, place):
        txg, length, extents = place
        data = b''
        for group, segment, first, count in extents:
            for unit in range(first, first + count):
                where = struct.pack('<IIII', group, segment, unit, txg & 0xFFFFFFFF)
                data += self.groups[group].read(segment, unit, lambda raw: raw[16:32] == where and checksum(
                    raw[16:], 0x04000000 << 32) == raw[:16])[32:]
        return data[:length]

    def load_table(self):
        """self.pieces: batch → list of (group, segment, base, present units or None for all)."""
        segments, page_txg = {}, {}
        for key in self.places:
            if not key.startswith('table/'):
                continue
            page = Reader(self.item(self.places[key]))
            version, group, first, txg, _clock = page.take('HHIII')
            if version != 1:
                raise Damaged('a page of the table of version %d' % version)
            page_txg[group, first // 64] = txg
            for segment in range(first, first + 64):
                if page.take('B') != 0:
                    segments[group, segment] = self.page_segment(page, group)
        logs = sorted(int(key[10:]) for key in self.places if key.startswith('table-log/'))
        for txg in logs:
            self.apply_log(self.item(self.places['table-log/%d' % txg]), txg, segments, page_txg)
        self.pieces = {}
        for (group, segment), pieces in segments.items():
            for piece in pieces:
                self.pieces.setdefault(piece['batch'], []).append((group, segment, piece['base'], piece['present']))

    def page_segment(self, page, group):
        _heat, flags, _clock, _first, _last, count = page.take('BBIIIH')
        pieces = []
        for _ in range(count):
            low, high, base, units, moved = page.take('IBHBB')
            present = list(range(units))
            if moved and units <= 16:
                present = list(page.raw(units))
            elif moved:
                bits = int.from_bytes(page.raw(32), 'little')
                present = [u for u in range(256) if bits >> u & 1]
            pieces.append({'batch': low | high << 32, 'base': base, 'present': present})
        if flags & 4:
            page.raw(4 * -(-self.groups[group].data_units // (8 if flags & 2 else 32)))
        return pieces

    def apply_log(self, data, txg, segments, page_txg):
        words = struct.unpack('<%dI' % (len(data) // 4), data)
        if words[0] != 1 or words[1] != len(words):
            raise Damaged('a log of the table of another version')
        operands, at = [0, 0, 1, 0, 2, 2, 0, 0, 10, 2, 0], 4
        while at < len(words):
            op, argument, where = words[at] >> 28, words[at] & 0xFFFFFFF, words[at + 1]
            more = words[at + 2:at + 2 + (argument if op == 6 else operands[op])]
            at += 2 + len(more)
            group, segment = where >> 24, where & 0xFFFFFF
            if page_txg.get((group, segment // 64), 0) >= txg:
                continue
            pieces = segments.setdefault((group, segment), [])
            base, units = argument >> 8, argument & 0xFF
            if op in (1, 3):
                pieces.clear()
            elif op == 5:
                pieces[:] = [p for p in pieces if p['base'] != base]
                pieces.append({'batch': more[0] | more[1] << 32, 'base': base, 'present': list(range(units))})
            elif op == 8:
                bits = sum(word << 32 * i for i, word in enumerate(more[2:]))
                present = [u for u in range(256) if bits >> u & 1]
                pieces.append({'batch': more[0] | more[1] << 32, 'base': base, 'present': present})
            elif op == 9:
                for piece in [p for p in pieces if p['base'] == base]:
                    piece['base'] += units
                    piece['present'] = piece['present'][units:]
                    if not piece['present']:
                        pieces.remove(piece)

    def load_volume(self, key):
        slot = int(key.split('/')[1])
        head = Reader(self.item(self.places[key]))
        name, _replica, guid = head.text(), head.text(), head.text()
        destroyed, size, last = head.take('QQQ')
        head.take('QQQQ')
        head.take('QQQ')
        head.take('QQ')
        head.bytes()
        head.bytes()
        volume = {'slot': slot, 'name': name, 'guid': guid, 'destroyed': destroyed, 'size': size, 'last': last,
                  'tree': head.tree(), 'changes': [], 'snapshots': {}}
        for other in sorted(self.places):
            if not other.startswith('snapshots/%d/' % slot):
                continue
            chunk = Reader(self.item(self.places[other]))
            for _ in range(chunk.u64()):
                _id, named = chunk.take('QQ')
                snapshot, (number, size) = chunk.text(), chunk.take('QQ')
                chunk.take('QQQ')
                deleted, _cursor = chunk.take('QQ')
                chunk.bytes()
                tree = chunk.tree()
                if named and not deleted:
                    volume['snapshots'][snapshot] = {'last': number, 'size': size, 'tree': tree, 'changes': []}
        return volume

    def stored(self, pointer, is_good):
        unit = pointer.offset // 8
        for group, segment, base, present in self.pieces.get(pointer.batch, []):
            if unit in present:
                return self.groups[group].read(segment, base + present.index(unit), is_good)
        raise Damaged('batch %d has no unit %d' % (pointer.batch, unit))

    def block(self, pointer, number, place=None):
        """Content of a block of a volume; `place` (group, segment, unit) instead of that of its name."""
        at, found = pointer.offset % 8 * SECTOR, []

        def is_good(unit):
            found[:] = [plain(unit[at:at + pointer.sectors * SECTOR], pointer, number)]
            return found[0] is not None

        if place is None:
            self.stored(pointer, is_good)
        else:
            group, segment, unit = place
            self.groups[group].read(segment, unit, is_good)
        return found[0]

    def extract(self, view, out):
        out.truncate(view['size'])
        for number, content in self.walk(view['tree'], -(-view['size'] // UNIT)):
            write_block(out, view['size'], number, content)
        for first, count, content in view['changes']:
            for number in range(first, min(first + count, -(-view['size'] // UNIT))):
                write_block(out, view['size'], number, content() if content else bytes(UNIT))

    def walk(self, tree, blocks):
        """(number, content) of the blocks with data, in order."""
        def node(pointer, level, first):
            salt = 2**47 + level * 2**44 + first // 128**level
            raw = self.stored(pointer, lambda unit: checksum(unit, salt) == pointer.sum)
            for slot in range(128):
                below, begin = Pointer(raw[slot * 32:slot * 32 + 32]), first + slot * 128**(level - 1)
                if below.kind != 1 or begin >= blocks:
                    continue
                if level == 1:
                    yield begin, self.block(below, begin)
                else:
                    yield from node(below, level - 1, begin)

        root = Pointer(tree['root'])
        if root.kind == 1:
            yield from node(root, tree['levels'], 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    commands.add_parser('list').add_argument('devices', nargs='+')
    extract = commands.add_parser('extract')
    extract.add_argument('volume')
    extract.add_argument('out')
    extract.add_argument('--snapshot')
    extract.add_argument('devices', nargs='+')
    options = parser.parse_args()
    pool = Pool(options.devices)
    volumes = [volume for volume in pool.volumes if not volume['destroyed']]
    if options.command == 'list':
        print('pool %s %s root %d%s' % (pool.label['pool'], pool.label['layout'], pool.root['txg'],
                                        ' clean' if pool.root['clean'] else ''))
        for v in volumes:
            print('volume %s %s %d bytes last %d' % (v['name'], v['guid'], v['size'], v['last']))
            for name, s in v['snapshots'].items():
                print('  snapshot %s %d bytes last %d' % (name, s['size'], s['last']))
        return
    volume = next((v for v in volumes if options.volume in (v['name'], v['guid'])), None)
    if volume is None:
        raise Damaged('no volume %s' % options.volume)
    view = volume if options.snapshot is None else volume['snapshots'][options.snapshot]
    with open(options.out, 'wb') as out:
        pool.extract(view, out)


if __name__ == '__main__':
    try:
        main()
    except Damaged as error:
        sys.exit('pool-reader: %s' % error)
