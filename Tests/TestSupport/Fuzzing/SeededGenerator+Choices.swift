/// What makers of hostile inputs choose with.
extension SeededGenerator {
    /// 0 when there is nothing to choose from.
    package mutating func below(_ bound: Int) -> Int { bound > 0 ? Int.random(in: 0..<bound, using: &self) : 0 }

    /// True once in `bound` times.
    package mutating func once(in bound: Int) -> Bool { below(bound) == 0 }

    /// - Parameter list: not empty.
    package mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

    /// The bytes in order, cut at random places; sometimes one by one, sometimes in one piece.
    package mutating func cut(_ bytes: [UInt8]) -> [[UInt8]] {
        let longest = pick([1, 3, 17, 200, bytes.count + 1])
        var parts: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(1 + below(longest))
            parts.append(Array(part))
            rest = rest.dropFirst(part.count)
        }
        return parts
    }
}
