/// A request rendered once, with places where a number is written before each use, so that sending one costs the
/// generator no more than a copy.
struct RequestTemplate {
    private struct Slot {
        let offset: Int
        /// What is added to the number here: the position in a batch.
        let addend: Int
        let divisor: Int
    }

    static let digits = TaskText.digits

    private(set) var bytes: [UInt8]
    private var slots: [Slot] = []

    /// - Parameters:
    ///   - body: holds ``TaskText/task`` where the number goes, ``TaskText/customer`` where a tenth of it goes.
    ///   - copies: nil for one body; otherwise a JSON array of so many, with ascending numbers.
    init(path: String, body: String, copies: Int? = nil) {
        let length = body.utf8.count
        let whole = copies.map { "[" + Array(repeating: body, count: $0).joined(separator: ",") + "]" } ?? body
        let head = """
            POST \(path) HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/json\r
            Content-Length: \(whole.utf8.count)\r
            \r

            """
        bytes = Array((head + whole).utf8)
        let start = head.utf8.count + (copies == nil ? 0 : 1)
        for (mark, divisor) in [(TaskText.task, 1), (TaskText.customer, TaskText.perCustomer)] {
            for offset in offsets(of: Array(mark.utf8)) {
                slots.append(Slot(offset: offset, addend: (offset - start) / (length + 1), divisor: divisor))
            }
        }
    }

    /// The request with this number.
    mutating func numbered(_ number: Int) -> [UInt8] {
        for slot in slots {
            var rest = (number + slot.addend) / slot.divisor
            for offset in stride(from: slot.offset + Self.digits - 1, through: slot.offset, by: -1) {
                bytes[offset] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
        }
        return bytes
    }

    private func offsets(of mark: [UInt8]) -> [Int] {
        bytes.indices.dropLast(mark.count - 1).filter { bytes[$0] == mark[0] && bytes[$0...].starts(with: mark) }
    }
}
