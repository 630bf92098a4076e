import Glibc

/// A keep-alive connection to Kefu with one request on its way at a time.
final class Connection: Watched {
    let descriptor: Int32
    private let reactor: Reactor
    private var stream = HTTPStream()
    private var unsent: ArraySlice<UInt8> = []
    private var answered: ((_ status: Int, _ body: UnsafeRawBufferPointer) throws(BenchError) -> Void)?

    /// Whether no request is on its way.
    var isIdle: Bool { answered == nil }

    init(port: UInt16, reactor: Reactor) throws(BenchError) {
        descriptor = try Socket.connect(port: port)
        self.reactor = reactor
        try reactor.watch(self)
    }

    /// Sends a whole request. `answered` is called once, with the status and the body of the answer.
    func send(
        _ request: [UInt8], answered: @escaping (Int, UnsafeRawBufferPointer) throws(BenchError) -> Void
    ) throws(BenchError) {
        self.answered = answered
        unsent = request[...]
        try write()
    }

    func close() {
        reactor.drop(self)
    }

    func ready(readable: Bool, writable: Bool) throws(BenchError) {
        if writable { try write() }
        guard readable else { return }
        let isOpen = try stream.receive(from: descriptor) { (head, body) throws(BenchError) in
            // HTTP/1.1 200 …
            guard head.count > 12, let answered else { throw BenchError("an answer that was not asked for") }
            let status = head[9..<12].reduce(0) { $0 * 10 + Int($1 &- 48) }
            self.answered = nil
            try answered(status, body)
        }
        guard isOpen else { throw BenchError("Kefu closed a connection") }
    }

    private func write() throws(BenchError) {
        let count = unsent.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 || errno == EAGAIN else { throw .system("write") }
        let hadMore = unsent.count < unsent.endIndex
        unsent = unsent.dropFirst(max(count, 0))
        if !unsent.isEmpty || hadMore { try reactor.wantsToWrite(self, !unsent.isEmpty) }
    }
}
