/// Makes hostile inputs of good ones: damages bytes, repeats and splices parts, puts in words that mean something to
/// the reader under test, numbers beyond all bounds, deep nesting, and UTF-8 that is none.
package struct Mutation: Sendable {
    /// What means something in this format.
    package var words: [[UInt8]]
    /// An input is never longer, in bytes.
    package var longest: Int

    package init(words: [String], longest: Int = 4096) {
        self.words = words.map { Array($0.utf8) } + Self.numbers + Self.damage
        self.longest = longest
    }

    private static let numbers: [[UInt8]] = [
        "0", "-1", "-0", "1e400", "1E-400", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
        "4294967296", "0.1e+1", "00", "0x10", "NaN", "1.", "٣",
    ].map { Array($0.utf8) }

    private static let damage: [[UInt8]] = [
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE4, 0xBD], [0x80], [0], [0x0D, 0x0A],
        [0xEF, 0xBB, 0xBF], Array("\u{301}".utf8), Array("\u{202E}".utf8), Array("\u{FDFA}".utf8), Array("好".utf8),
        Array("\u{1F600}".utf8), Array("\u{1B}[31m".utf8),
    ]

    /// One input, made of one of the seeds; another may be spliced in.
    package func make(of seeds: [[UInt8]], using random: inout SeededGenerator) -> [UInt8] {
        var bytes = random.pick(seeds)
        for _ in 0..<random.pick([0, 1, 1, 1, 2, 3, 5, 8]) { change(&bytes, seeds, &random) }
        return Array(bytes.prefix(longest))
    }

    private func change(_ bytes: inout [UInt8], _ seeds: [[UInt8]], _ random: inout SeededGenerator) {
        let start = random.below(bytes.count + 1)
        let end = min(bytes.count, start + random.below(random.pick([2, 8, 64, bytes.count + 1])))
        switch random.below(12) {
        case 0 where start < bytes.count: bytes[start] ^= 1 << UInt8(random.below(8))
        case 1 where start < bytes.count: bytes[start] = UInt8(random.below(256))
        case 2: bytes.removeSubrange(start..<end)
        case 3: bytes.removeSubrange(start...)
        case 4:
            let part = Array(bytes[start..<end])
            let place = random.below(bytes.count + 1)
            for _ in 0..<random.pick([1, 1, 2, 40]) where bytes.count < longest {
                bytes.insert(contentsOf: part, at: place)
            }
        case 5:
            let other = random.pick(seeds)
            bytes = Array(bytes[..<start] + other[random.below(other.count + 1)...])
        case 6: bytes.replaceSubrange(start..<end, with: random.pick(words))
        case 7: wrap(&bytes, start..<end, &random)
        case 8: replaceNumber(in: &bytes, from: start, &random)
        case 9: bytes.insert(contentsOf: repeatElement(random.pick(words), count: random.below(60)).joined(), at: start)
        default: bytes.insert(contentsOf: random.pick(words), at: start)
        }
    }

    private func wrap(_ bytes: inout [UInt8], _ range: Range<Int>, _ random: inout SeededGenerator) {
        let (open, close) = random.pick([("[", "]"), (#"{"a":"#, "}"), ("\"", "\""), ("*1\r\n", ""), ("%", "")])
        let depth = random.pick([1, 2, 7, 31, 32, 33, 200])
        bytes.insert(contentsOf: repeatElement(close.utf8, count: depth).joined(), at: range.upperBound)
        bytes.insert(contentsOf: repeatElement(open.utf8, count: depth).joined(), at: range.lowerBound)
    }

    private func replaceNumber(in bytes: inout [UInt8], from start: Int, _ random: inout SeededGenerator) {
        guard let first = bytes[start...].firstIndex(where: { (0x30...0x39).contains($0) }) else { return }
        let end = bytes[first...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.count
        bytes.replaceSubrange(first..<end, with: random.pick(Self.numbers))
    }
}
