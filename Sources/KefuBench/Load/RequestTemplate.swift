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
    ///   - body: holds ``TaskText/task`` where the number goes, ``TaskText/customer`` where its customer's goes.
    ///   - copies: nil for one body; otherwise a JSON array of so many, with ascending numbers.
    ///   - perCustomer: how many tasks share a customer.
    init(path: String, body: String, copies: Int? = nil, perCustomer: Int = TaskText.perCustomer) {
        let length = body.utf8.count
        let whole = copies.map { "[" + Array(repeating: body, count: $0).joined(separator: ",") + "]" } ?? body
        let head = """
            POST \(path) HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/json\r
            Content-Length: \(whole.utf8.count)\r
            \r

            """
        let start = head.utf8.count + (copies == nil ? 0 : 1)
        self.init(bytes: Array((head + whole).utf8), perCustomer: perCustomer) { ($0 - start) / (length + 1) }
    }

    /// A GET.
    init(path: String) {
        bytes = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)
    }

    /// Bytes with the marks of a body in them.
    ///
    /// - Parameter addend: what is added to the number at an offset.
    init(bytes: [UInt8], perCustomer: Int = TaskText.perCustomer, addend: (_ offset: Int) -> Int = { _ in 0 }) {
        self.bytes = bytes
        for (mark, divisor) in [(TaskText.task, 1), (TaskText.customer, perCustomer)] {
            for offset in offsets(of: Array(mark.utf8)) {
                slots.append(Slot(offset: offset, addend: addend(offset), divisor: divisor))
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
