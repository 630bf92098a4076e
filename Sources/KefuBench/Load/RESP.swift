/// Commands and replies as they go over the wire
/// (<https://redis.io/docs/latest/develop/reference/protocol-spec/>, version 2).
enum RESP {
    static func command(_ arguments: [[UInt8]]) -> [UInt8] {
        arguments.reduce(into: Array("*\(arguments.count)\r\n".utf8)) { bytes, argument in
            bytes += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10]
        }
    }

    /// What `MONITOR` shows as quoted strings, each between spaces.
    static func unquoted(_ line: Substring) -> [[UInt8]] {
        let escapes: [UInt8: UInt8] = [
            UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "a"): 7,
            UInt8(ascii: "b"): 8,
        ]
        var arguments: [[UInt8]] = []
        var isInside = false
        var rest = Array(line.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                if !isInside { arguments.append([]) }
                isInside.toggle()
            case UInt8(ascii: "\\") where isInside:
                guard let escaped = rest.popFirst() else { break }
                var value = escapes[escaped] ?? escaped
                if escaped == UInt8(ascii: "x") {
                    value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0
                    rest = rest.dropFirst(2)
                }
                arguments[arguments.count - 1].append(value)
            default: if isInside { arguments[arguments.count - 1].append(byte) }
            }
        }
        return arguments
    }

    /// The length of the RESP2 reply that the bytes begin with; nil while some of it is missing.
    static func replyLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var (position, missing) = (0, 1)
        while missing > 0 {
            guard position < bytes.count, let line = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else {
                return nil
            }
            let digits = bytes[(position + 1)..<line]
            // Negative for what is absent: nothing follows.
            let isAbsent = digits.first == UInt8(ascii: "-")
            let number = digits.reduce(0) { 48...57 ~= $1 ? $0 &* 10 &+ Int($1 - 48) : $0 }
            missing -= 1
            if bytes[position] == UInt8(ascii: "*"), !isAbsent { missing += number }
            let contents = bytes[position] == UInt8(ascii: "$") && !isAbsent ? number + 2 : 0
            position = line + 1 + contents
        }
        return position <= bytes.count ? position : nil
    }
}
