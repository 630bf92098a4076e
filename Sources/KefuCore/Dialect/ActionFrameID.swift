/// The ids of action frames, by which a platform's answers are told from its events: `k`, the fencing token of the
/// connection's lease, `-`, a number. Tokens are never given twice, so no two connections of any instances share one.
package enum ActionFrameID {
    package static func make(token: Int64, number: UInt64) -> String { "k\(token)-\(number)" }

    /// Whether a text is such an id, whoever made it.
    package static func isOne(_ text: String) -> Bool {
        guard text.utf8.first == UInt8(ascii: "k"), text.utf8.count <= 64 else { return false }
        let numbers = text.utf8.dropFirst().split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return numbers.count == 2
            && numbers.allSatisfy { digits in
                !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
    }
}
