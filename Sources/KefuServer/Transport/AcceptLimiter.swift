import NIOCore

/// Stops accepting while the server has as many connections as it may have; the rest wait in the kernel's backlog.
/// Stands in the listener's pipeline and belongs to its event loop.
final class AcceptLimiter: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel

    private let most: Int
    private var open = 0
    private var readIsPending = false

    init(most: Int) { self.most = most }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open += 1
        let limiter = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        unwrapInboundIn(data).closeFuture.whenComplete { _ in
            loop.execute {
                let (limiter, context) = limiter.value
                limiter.connectionClosed(context: context)
            }
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if open < most {
            context.read()
        } else {
            readIsPending = true
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { readIsPending = false }

    private func connectionClosed(context: ChannelHandlerContext) {
        open -= 1
        guard readIsPending, open < most else { return }
        readIsPending = false
        context.read()
    }
}
