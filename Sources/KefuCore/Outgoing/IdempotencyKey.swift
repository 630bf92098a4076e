import Crypto

/// What the gateway recognizes a repeated attempt by.
package struct IdempotencyKey: Sendable {
    /// `<task_id>:<generation>`, the id percent-encoded outside `A–Z a–z 0–9 _ - . ~`.
    package let value: String

    package init(taskID: String, generation: Int) {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(taskID.utf8.count + 8)
        for byte in taskID.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        value = "\(String(decoding: encoded, as: UTF8.self)):\(generation)"
    }

    /// Opaque and without a dot: the first half of the key's SHA-256, in hex.
    package var webhookID: String {
        let digits = Array("0123456789abcdef".utf8)
        let half = SHA256.hash(data: Array(value.utf8)).prefix(SHA256.byteCount / 2)
        let hex = half.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "msg_\(String(decoding: hex, as: UTF8.self))"
    }
}
