/// SplitMix64: the same seed gives the same numbers, so that an input that found something can be made again.
package struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

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
