import NIOCore

/// What the connection adds to an answer.
struct AnswerFraming {
    /// Plain: letters, digits, `.`, `_`, `-`.
    var requestID: String
    /// Whether the connection closes after this answer.
    var closes: Bool
    /// Whether this is an HTTP/1.0 client, which must be told that the connection stays open, and knows no chunks.
    var confirmsKeepAlive: Bool
    /// HEAD: the fields as for GET, no body.
    var omitsBody: Bool
}

extension Answer {
    /// Appends the whole answer as HTTP/1.1 (RFC 9112), head and body in one piece; of one that goes on the head.
    ///
    /// - Parameter date: the `Date` line with its CRLF.
    func write(into buffer: inout ByteBuffer, framing: AnswerFraming, date: [UInt8]) {
        buffer.reserveCapacity(minimumWritableBytes: 320 + (fields?.utf8.count ?? 0) + body.count)
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeStaticString(Self.statusLine(status))
        if status != 304 {
            buffer.writeStaticString("\r\nContent-Type: ")
            buffer.writeStaticString(contentType)
            if live == nil {
                buffer.writeStaticString("\r\nContent-Length: ")
                buffer.writeDecimal(body.count)
            } else if !framing.confirmsKeepAlive {
                buffer.writeStaticString("\r\nTransfer-Encoding: chunked")
            }
        }
        buffer.writeStaticString("\r\n")
        if let fields {
            buffer.writeString(fields)
        } else {
            buffer.writeStaticString("Cache-Control: no-store\r\n")
        }
        buffer.writeStaticString("X-Request-Id: ")
        buffer.writeString(framing.requestID)
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(date)
        if let retryAfterSeconds {
            buffer.writeStaticString("Retry-After: ")
            buffer.writeDecimal(retryAfterSeconds)
            buffer.writeStaticString("\r\n")
        }
        if let allow {
            buffer.writeStaticString("Allow: ")
            buffer.writeString(allow)
            buffer.writeStaticString("\r\n")
        }
        if status == 426 { buffer.writeStaticString("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n") }
        if status == 401 { buffer.writeStaticString("WWW-Authenticate: Bearer\r\n") }
        if framing.closes {
            buffer.writeStaticString("Connection: close\r\n")
        } else if framing.confirmsKeepAlive {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
        buffer.writeStaticString("\r\n")
        if !framing.omitsBody, live == nil { buffer.writeBytes(body) }
    }

    /// Every status that the contract knows.
    private static func statusLine(_ status: Int) -> StaticString {
        switch status {
        case 200: "200 OK"
        case 202: "202 Accepted"
        case 304: "304 Not Modified"
        case 400: "400 Bad Request"
        case 401: "401 Unauthorized"
        case 403: "403 Forbidden"
        case 404: "404 Not Found"
        case 405: "405 Method Not Allowed"
        case 408: "408 Request Timeout"
        case 409: "409 Conflict"
        case 413: "413 Content Too Large"
        case 414: "414 URI Too Long"
        case 415: "415 Unsupported Media Type"
        case 426: "426 Upgrade Required"
        case 429: "429 Too Many Requests"
        case 431: "431 Request Header Fields Too Large"
        case 503: "503 Service Unavailable"
        default: "500 Internal Server Error"
        }
    }
}

extension ByteBuffer {
    /// Appends a number ≥ 0 without a string in between.
    fileprivate mutating func writeDecimal(_ number: Int) {
        if number >= 10 { writeDecimal(number / 10) }
        writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}
