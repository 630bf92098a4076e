import Foundation
import NIOCore

/// One HTTP answer as it stood on the wire.
struct RawAnswer: Sendable {
    var status: Int
    /// In order, names in small letters.
    var fields: [(name: String, value: String)]
    var body: String

    /// Takes one complete answer from the front of `bytes`; nil while there is none.
    init?(_ bytes: inout ByteBuffer, hasBody: Bool) {
        let view = bytes.readableBytesView
        guard let headEnd = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: view[view.startIndex..<headEnd.lowerBound], as: UTF8.self)
        let lines = head.components(separatedBy: "\r\n")
        status = Int(lines[0].split(separator: " ")[1]) ?? 0
        fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
        }
        let length = hasBody ? Int(fields.first { $0.name == "content-length" }?.value ?? "0") ?? 0 : 0
        let headLength = headEnd.upperBound - view.startIndex
        guard view.count >= headLength + length else { return nil }
        bytes.moveReaderIndex(forwardBy: headLength)
        body = bytes.readString(length: length) ?? ""
    }

    subscript(field: String) -> String? { fields.first { $0.name == field }?.value }

    var closes: Bool { self["connection"] == "close" }

    var json: JSONValue { JSONValue(text: body) }

    var errorType: String? { json["error"]["type"].string }
}

/// A JSON value that a test looks into; what is not there is absent all the way down.
struct JSONValue: CustomStringConvertible {
    private let value: Any?

    init(text: String) {
        // What is not JSON has no members; the test that looks for one fails.
        value = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    private init(_ value: Any?) { self.value = value }

    subscript(key: String) -> JSONValue { JSONValue((value as? [String: Any])?[key]) }

    subscript(index: Int) -> JSONValue {
        let array = value as? [Any] ?? []
        return JSONValue(array.indices.contains(index) ? array[index] : nil)
    }

    var string: String? { value as? String }
    var int: Int? { value as? Int }
    var bool: Bool? { value as? Bool }
    var count: Int? { (value as? [Any])?.count ?? (value as? [String: Any])?.count }
    var keys: Set<String>? { (value as? [String: Any]).map { Set($0.keys) } }
    var strings: [String]? { value as? [String] }
    /// Whether it is there and null.
    var isNull: Bool { value is NSNull }
    var description: String { value.map { "\($0)" } ?? "absent" }
}
