import NIOCore
import NIOWebSocket

/// Puts messages together out of frames and says what each frame asks for (RFC 6455, sections 5 and 7). Decides only.
struct MessageAssembler {
    enum Step: Equatable {
        /// Half of a message, or a pong.
        case none
        /// A whole text message, in valid UTF-8.
        case message(ByteBuffer)
        /// To be answered by a pong with the same contents.
        case ping(ByteBuffer)
        /// The peer's close frame; nil without a code.
        case close(SocketClose?)
        /// The peer broke a rule: the connection ends with this.
        case violation(SocketClose)
    }

    let role: SocketRole
    /// Bytes of a message.
    let limit: Int
    /// Frames of a message.
    let fragmentLimit: Int
    /// What came so far of a message in fragments.
    private(set) var parts: ByteBuffer?
    private var fragments = 0

    init(role: SocketRole, limit: Int, fragmentLimit: Int) {
        self.role = role
        self.limit = limit
        self.fragmentLimit = fragmentLimit
    }

    /// Bytes of the message that has begun.
    var held: Int { parts?.readableBytes ?? 0 }

    mutating func take(_ frame: WebSocketFrame) -> Step {
        guard (frame.maskKey != nil) == (role == .server), !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return .violation(.protocolError)
        }
        let contents = frame.unmaskedData
        switch frame.opcode {
        case .text:
            guard parts == nil else { return .violation(.protocolError) }
            if frame.fin { return message(contents) }
            // It may be a slice of what the socket read: kept, it would keep all of it.
            parts = ByteBuffer(bytes: contents.readableBytesView)
            fragments = 1
            return .none
        case .continuation: return continuation(contents, isLast: frame.fin)
        case .binary: return .violation(.binary)
        case .ping: return .ping(contents)
        case .pong: return .none
        case .connectionClose: return close(contents)
        default: return .violation(.protocolError)
        }
    }

    private mutating func continuation(_ contents: ByteBuffer, isLast: Bool) -> Step {
        guard var whole = parts else { return .violation(.protocolError) }
        // The only reference: a second one would make every fragment copy all before it.
        parts = nil
        fragments += 1
        guard fragments <= fragmentLimit else { return .violation(.tooManyFragments) }
        guard whole.readableBytes + contents.readableBytes <= limit else { return .violation(.tooBig) }
        whole.writeImmutableBuffer(contents)
        if isLast { return message(whole) }
        parts = whole
        return .none
    }

    private func message(_ text: ByteBuffer) -> Step {
        guard text.readableBytes <= limit else { return .violation(.tooBig) }
        return Self.isUTF8(text) ? .message(text) : .violation(.brokenText)
    }

    private func close(_ contents: ByteBuffer) -> Step {
        var rest = contents
        guard contents.readableBytes > 0 else { return .close(nil) }
        guard let code = rest.readInteger(as: UInt16.self), SocketClose.isValid(code) else {
            return .violation(.protocolError)
        }
        guard Self.isUTF8(rest) else { return .violation(.brokenText) }
        return .close(SocketClose(code, String(buffer: rest)))
    }

    private static func isUTF8(_ text: ByteBuffer) -> Bool {
        text.withUnsafeReadableBytes { bytes in
            String(validating: bytes, as: UTF8.self) != nil
        }
    }
}
