import NIOCore
import NIOWebSocket

/// Memory that all connections of an instance share for what they have read and not yet applied. Safe from any thread.
package protocol SocketBudget: Sendable {
    /// Sets bytes aside; false when too much is held already, and then nothing is.
    func reserve(_ count: Int) -> Bool

    func release(_ count: Int)
}

/// What one connection holds of its budget. Belongs to its event loop.
struct SocketMemory {
    /// Nil: the connection's own limits are enough.
    let budget: (any SocketBudget)?
    /// Came in, and is no whole frame yet.
    var unread = 0
    /// Frames whose events are with the store.
    var taking = 0
    private var reserved = 0
    /// Whether the budget could not give what is held: nothing more is read.
    private(set) var isShort = false

    init(budget: (any SocketBudget)?) { self.budget = budget }

    /// - Parameter held: what counts now, in bytes.
    mutating func settle(_ held: Int) {
        guard let budget else { return }
        isShort = false
        if held > reserved {
            isShort = !budget.reserve(held - reserved)
            if isShort { return }
        } else if held < reserved {
            budget.release(reserved - held)
        }
        reserved = held
    }
}

// What a connection holds, counted against the budget.
extension SocketSession {
    /// After each read and each batch. While something is under way, a connection that gets nothing of the budget waits
    /// for it; with nothing but halves of messages it is told to come again.
    func settleMemory() {
        guard memory.budget != nil else { return }
        // Heads may be longer than they need be, but what the decoder keeps is part of one frame.
        memory.unread = min(max(memory.unread, 0), limits.message)
        let held = memory.unread + assembler.held + pendingBytes + memory.taking
        memory.settle(phase == .closed && !isTaking ? 0 : held > limits.uncountedBytes ? held : 0)
        if memory.isShort, phase == .open, !isTaking, pending.isEmpty { finish(.overloaded) }
    }
}

/// Sees the bytes before they are frames. Belongs to its session's event loop.
final class ByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let session: SocketSession

    init(_ session: SocketSession) { self.session = session }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        session.memory.unread += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
    }
}

extension WebSocketFrame {
    /// Bytes on the wire.
    var size: Int {
        let lengthBytes = length > 0xFFFF ? 8 : length > 125 ? 2 : 0
        return 2 + lengthBytes + (maskKey == nil ? 0 : 4) + length
    }
}
