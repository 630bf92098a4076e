/// Names a request in answers and logs.
enum RequestID {
    /// Characters of an accepted id.
    static let longest = 64

    /// The caller's id when it is plain enough for a header and a log line: `[A-Za-z0-9._-]{1,64}`.
    static func accepted(_ value: String) -> Bool {
        (1...longest).contains(value.utf8.count) && value.utf8.allSatisfy(isPlain)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Makes the ids of one connection: eight random characters and a count, short enough for Swift to keep in place.
    struct Source {
        private let prefix: String
        private var count = 0

        init() {
            let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".unicodeScalars)
            var bits = UInt64.random(in: .min ... .max)
            var prefix = ""
            for _ in 0..<8 {
                prefix.unicodeScalars.append(alphabet[Int(bits & 31)])
                bits >>= 5
            }
            self.prefix = prefix + "-"
        }

        mutating func next() -> String {
            count += 1
            return prefix + String(count, radix: 36)
        }
    }
}
