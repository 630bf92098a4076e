import KefuSocket
import NIOCore
import NIOHTTP1

// A request that turns its connection into a WebSocket: answers 101, and gives the channel to a session.
extension HTTPConnection {
    /// - Returns: whether the connection is somebody else's from now on.
    func becomesSocket(_ head: AcceptedHead) -> Bool {
        // What is wrong with the request, the route's handler says.
        guard let socket = head.route.socket, let accept = try? head.upgrade?.accept(), let context else {
            return false
        }
        let session = SocketSession(
            role: .server, dialect: socket.dialect, intake: SocketAdmission(socket.intake, server.admission),
            executor: loop.executor, limits: server.limits.socket, budget: server.admission, turns: loop.turns.value,
            mustLeave: { [stopping = server.stopping] in
                stopping.isDraining
            }, logger: server.logger)
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(accept)\r\nX-Request-Id: \(exchange.requestID)\r\n\r\n"
        write(ByteBuffer(string: answer))
        flush()
        server.logger.debug(
            "socket opened",
            metadata: ["request_id": "\(exchange.requestID)", "caller": "\(head.caller?.name ?? "-")"])
        releaseBody()
        phase = .closed
        let pipeline = context.pipeline.syncOperations
        do {
            server.limits.limitReads(of: context.channel)
            try session.join(pipeline)
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let watch = try pipeline.handler(type: ArrivalWatch.self)
            // First what would take frames for requests; the decoder hands on what it holds when it goes.
            pipeline.removeHandler(watch, promise: nil)
            pipeline.removeHandler(self, promise: nil)
            let gone = context.eventLoop.makePromise(of: Void.self)
            // Frames that came with the request are all there now: the session may wait for no further read.
            gone.futureResult.assumeIsolated().whenSuccess { _ in pipeline.fireChannelReadComplete() }
            pipeline.removeHandler(decoder, promise: gone)
        } catch {
            server.logger.error("socket could not be set up", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        }
        return true
    }
}

extension ServerLimits {
    /// A connection that never stops sending has its turn once a loop's round, and not for long.
    fileprivate func limitReads(of channel: any Channel) {
        let options = channel.syncOptions
        let buffers = AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 4_096, maximum: socketRead)
        // Both fail on a channel that has closed meanwhile, and is read no more.
        try? options?.setOption(.maxMessagesPerRead, value: 1)
        try? options?.setOption(.recvAllocator, value: buffers)  // As above.
    }
}
