"""Decodes zstd frames (RFC 8878), for tools/pool-reader.py: plain, slow, without dictionaries and windows of more than the frame."""

LITERAL_LENGTHS = [(v, 0) for v in range(16)] + [
    (16, 1), (18, 1), (20, 1), (22, 1), (24, 2), (28, 2), (32, 3), (40, 3), (48, 4), (64, 6), (128, 7), (256, 8),
    (512, 9), (1024, 10), (2048, 11), (4096, 12), (8192, 13), (16384, 14), (32768, 15), (65536, 16)]
MATCH_LENGTHS = [(v + 3, 0) for v in range(32)] + [
    (35, 1), (37, 1), (39, 1), (41, 1), (43, 2), (47, 2), (51, 3), (59, 3), (67, 4), (83, 4), (99, 5), (131, 7),
    (259, 8), (515, 9), (1027, 10), (2051, 11), (4099, 12), (8195, 13), (16387, 14), (32771, 15), (65539, 16)]
LITERAL_DEFAULT = [4, 3] + [2] * 11 + [1] * 3 + [2] * 9 + [3, 2] + [1] * 5 + [-1] * 4
MATCH_DEFAULT = [1, 4, 3] + [2] * 6 + [1] * 37 + [-1] * 7
OFFSET_DEFAULT = [1] * 6 + [2] * 3 + [1] * 15 + [-1] * 5


class BadFrame(Exception):
    """The bytes are no frame that can be decoded."""


class Backward:
    """Bits from the end to the beginning; behind the beginning are zeros."""
    def __init__(self, data):
        self.bits = int.from_bytes(data, 'little')
        if self.bits == 0 or data[-1] == 0:
            raise BadFrame('a bit stream without its last bit')
        self.at = self.bits.bit_length() - 1

    def peek(self, count):
        shift = self.at - count
        value = self.bits >> shift if shift >= 0 else self.bits << -shift
        return value & ((1 << count) - 1)

    def take(self, count):
        value = self.peek(count)
        self.at -= count
        return value


def read_distribution(data, at, log_max):
    """Probabilities of symbols, their accuracy, and where the next thing is."""
    bits, used = int.from_bytes(data[at:at + 128], 'little'), 4
    log = (bits & 15) + 5
    if log > log_max:
        raise BadFrame('accuracy %d' % log)
    left, found = 1 << log, []
    while left > 0:
        count = (left + 1).bit_length()
        value = bits >> used & ((1 << count) - 1)
        low, threshold = (1 << count - 1) - 1, (1 << count) - 2 - left
        used += count
        if value & low < threshold:
            value &= low
            used -= 1
        elif value > low:
            value -= threshold
        found.append(value - 1)
        left -= abs(value - 1)
        while value == 1:
            repeat = bits >> used & 3
            used += 2
            found += [0] * repeat
            if repeat != 3:
                break
    return found, log, at + (used + 7) // 8


def fse_table(distribution, log):
    """By state: symbol, bits to read, what they are added to."""
    size = 1 << log
    symbols, high = [0] * size, size
    for symbol, share in enumerate(distribution):
        if share == -1:
            high -= 1
            symbols[high] = symbol
    place = 0
    for symbol, share in enumerate(distribution):
        for _ in range(max(share, 0)):
            symbols[place] = symbol
            place = (place + (size >> 1) + (size >> 3) + 3) & (size - 1)
            while place >= high:
                place = (place + (size >> 1) + (size >> 3) + 3) & (size - 1)
    following = [1 if share == -1 else share for share in distribution]
    table = []
    for symbol in symbols:
        state = following[symbol]
        following[symbol] += 1
        bits = log - (state.bit_length() - 1)
        table.append((symbol, bits, (state << bits) - size))
    return table, log


def huffman_weights(data, at):
    head = data[at]
    at += 1
    if head >= 128:
        count = head - 127
        packed = data[at:at + (count + 1) // 2]
        return [packed[i // 2] >> 4 if i % 2 == 0 else packed[i // 2] & 15 for i in range(count)], at + len(packed)
    distribution, log, begin = read_distribution(data, at, 6)
    table, log = fse_table(distribution, log)
    stream = Backward(data[begin:at + head])
    states, weights, turn = [stream.take(log), stream.take(log)], [], 0
    while True:
        symbol, bits, base = table[states[turn]]
        weights.append(symbol)
        states[turn] = base + stream.take(bits)
        turn ^= 1
        if stream.at < 0:
            weights.append(table[states[turn]][0])
            return weights, at + head


def huffman_table(weights):
    """By the next bits: symbol and how many of them it has."""
    total = sum(1 << weight - 1 for weight in weights if weight)
    bits_max = total.bit_length()
    weights = weights + [((1 << bits_max) - total).bit_length()]
    table = []
    for weight in range(1, bits_max + 1):
        for symbol, own in enumerate(weights):
            if own == weight:
                table += [(symbol, bits_max + 1 - weight)] * (1 << weight - 1)
    if len(table) != 1 << bits_max:
        raise BadFrame('a tree that is not whole')
    return table, bits_max


def huffman_stream(data, tree):
    table, bits_max = tree
    stream, out = Backward(data), bytearray()
    while stream.at > 0:
        symbol, bits = table[stream.peek(bits_max)]
        out.append(symbol)
        stream.at -= bits
    return bytes(out)


def offsets_of(rep, value, literals):
    """The offset that a value of a sequence stands for; the last three are kept in order."""
    if value > 3:
        rep[:] = [value - 3, rep[0], rep[1]]
        return rep[0]
    index = value - 1 + (literals == 0)
    if index == 0:
        return rep[0]
    offset = rep[index] if index < 3 else rep[0] - 1
    rep[:] = [offset, rep[0], rep[1] if index == 1 else rep[1]] if index > 1 else [rep[1], rep[0], rep[2]]
    return offset


class Frame:
    def __init__(self):
        self.out, self.rep, self.tree = bytearray(), [1, 4, 8], None
        self.tables = {}

    def literals(self, data):
        """The literals of a block, and where its sequences begin."""
        kind, form = data[0] & 3, data[0] >> 2 & 3
        if kind < 2:
            head = {0: 1, 2: 1, 1: 2, 3: 3}[form]
            size = int.from_bytes(data[:head], 'little') >> (3 if head == 1 else 4)
            return (data[head:head + size], head + size) if kind == 0 else (data[head:head + 1] * size, head + 1)
        bits = [10, 10, 14, 18][form]
        head = [3, 3, 4, 5][form]
        value = int.from_bytes(data[:head], 'little') >> 4
        size, packed = value & ((1 << bits) - 1), value >> bits
        at, end = head, head + packed
        if kind == 2:
            weights, at = huffman_weights(data, at)
            self.tree = huffman_table(weights)
        if form == 0:
            return huffman_stream(data[at:end], self.tree), end
        ends = [int.from_bytes(data[at + 2 * i:at + 2 * i + 2], 'little') for i in range(3)]
        at += 6
        parts = []
        for length in ends + [end - at - sum(ends)]:
            parts.append(huffman_stream(data[at:at + length], self.tree))
            at += length
        found = b''.join(parts)
        if len(found) != size:
            raise BadFrame('%d literals instead of %d' % (len(found), size))
        return found, end

    def table(self, what, mode, data, at, default, log, log_max):
        if mode == 0:
            self.tables[what] = fse_table(default, log)
        elif mode == 1:
            self.tables[what] = [(data[at], 0, 0)], 0
            at += 1
        elif mode == 2:
            distribution, log, at = read_distribution(data, at, log_max)
            self.tables[what] = fse_table(distribution, log)
        return at

    def block(self, data):
        literals, at = self.literals(data)
        count = data[at]
        at += 1
        if count == 255:
            count, at = int.from_bytes(data[at:at + 2], 'little') + 0x7F00, at + 2
        elif count >= 128:
            count, at = (count - 128 << 8) + data[at], at + 1
        if count == 0:
            self.out += literals
            return
        modes = data[at]
        at = self.table('literal', modes >> 6, data, at + 1, LITERAL_DEFAULT, 6, 9)
        at = self.table('offset', modes >> 4 & 3, data, at, OFFSET_DEFAULT, 5, 8)
        at = self.table('match', modes >> 2 & 3, data, at, MATCH_DEFAULT, 6, 9)
        self.sequences(literals, count, Backward(data[at:]))

    def sequences(self, literals, count, stream):
        used, tables = 0, self.tables
        state = {what: stream.take(tables[what][1]) for what in ('literal', 'offset', 'match')}
        for left in range(count - 1, -1, -1):
            entry = {what: tables[what][0][state[what]] for what in state}
            code = entry['offset'][0]
            value = (1 << code) + stream.take(code)
            base, bits = MATCH_LENGTHS[entry['match'][0]]
            match = base + stream.take(bits)
            base, bits = LITERAL_LENGTHS[entry['literal'][0]]
            length = base + stream.take(bits)
            self.out += literals[used:used + length]
            used += length
            offset = offsets_of(self.rep, value, length)
            if not 0 < offset <= len(self.out):
                raise BadFrame('an offset before the beginning')
            for _ in range(match):
                self.out.append(self.out[-offset])
            if left > 0:
                for what in ('literal', 'match', 'offset'):
                    _, bits, base = entry[what]
                    state[what] = base + stream.take(bits)
        self.out += literals[used:]


def unpack_zstd(data, length):
    """What one frame holds, or None when that is not `length` bytes."""
    if data[:4] != b'\x28\xb5\x2f\xfd':
        return None
    descriptor, at = data[4], 5
    single = descriptor >> 5 & 1
    at += (0 if single else 1) + [0, 1, 2, 4][descriptor & 3]
    at += [1 if single else 0, 2, 4, 8][descriptor >> 6]
    frame, last = Frame(), 0
    try:
        while not last:
            head = int.from_bytes(data[at:at + 3], 'little')
            last, kind, size = head & 1, head >> 1 & 3, head >> 3
            at += 3
            if kind == 1:
                frame.out += data[at:at + 1] * size
                at += 1
                continue
            if kind == 0:
                frame.out += data[at:at + size]
            elif kind == 2:
                frame.block(data[at:at + size])
            else:
                return None
            at += size
    except (IndexError, BadFrame):
        return None
    return bytes(frame.out) if len(frame.out) == length else None
