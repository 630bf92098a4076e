import Foundation
import NIOCore
import NIOPosix

/// One HTTP answer as it stood on the wire.
package struct Answer: Sendable {
    package var status: Int
    /// In order, names in small letters.
    package var fields: [(name: String, value: String)]
    package var body: String

    /// Takes one complete answer from the front of `bytes`; nil while there is none.
    fileprivate init?(_ bytes: inout ByteBuffer, hasBody: Bool) {
        let view = bytes.readableBytesView
        guard let headEnd = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: view[..<headEnd.lowerBound], as: UTF8.self)
        let lines = head.components(separatedBy: "\r\n")
        status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        fields = lines.dropFirst().map { line in
            let name = line.prefix { $0 != ":" }
            return (name.lowercased(), line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces))
        }
        let length = hasBody ? Int(fields.first { $0.name == "content-length" }?.value ?? "0") ?? 0 : 0
        let headLength = headEnd.upperBound - view.startIndex
        guard view.count >= headLength + length else { return nil }
        bytes.moveReaderIndex(forwardBy: headLength)
        body = bytes.readString(length: length) ?? ""
    }

    package subscript(field: String) -> String? { fields.first { $0.name == field }?.value }

    /// null when it is not JSON.
    package var json: JSON { (try? JSON(body)) ?? .null }
    package var data: JSON { json["data"] }
    package var errorType: String? { json["error"]["type"].string }
    package var errorField: String? { json["error"]["field"].string }
}

/// Connections of its own for each exchange, on which a test may say whatever it likes.
package enum Wire {
    /// What came back.
    package struct Exchange: Sendable {
        package var answers: [Answer]
        /// Whether the peer closed the connection, or broke it.
        package var isClosed: Bool
    }

    /// Sends the bytes, and reads until there are so many answers or the peer closes.
    ///
    /// - Parameters:
    ///   - answers: to wait for; nil: until the peer closes.
    ///   - hasBody: false for answers to HEAD.
    package static func exchange(
        port: Int, _ bytes: [UInt8], answers wanted: Int? = 1, hasBody: Bool = true
    ) async throws -> Exchange {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        var exchange = Exchange(answers: [], isClosed: false)
        do {
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(bytes: bytes))
                var received = ByteBuffer()
                for try await var part in inbound {
                    received.writeBuffer(&part)
                    while let answer = Answer(&received, hasBody: hasBody) { exchange.answers.append(answer) }
                    if let wanted, exchange.answers.count >= wanted { return }
                }
                exchange.isClosed = true
            }
        } catch is IOError {
            // Broken instead of closed: what had come by then counts.
            exchange.isClosed = true
        } catch is ChannelError {
            exchange.isClosed = true
        }
        return exchange
    }

    /// A request as any client would write it.
    package static func request(
        _ method: String, _ target: String, headers: [String] = [], body: [UInt8]? = nil
    ) -> [UInt8] {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: kefu"] + headers
        if let body { lines.append("Content-Length: \(body.count)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? [])
    }
}
