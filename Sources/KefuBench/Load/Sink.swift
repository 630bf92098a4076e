import Glibc

/// Plays the gateway or the receiver of callbacks: answers every request at once and tells which task it was about.
final class Sink: Watched {
    let descriptor: Int32
    let port: UInt16
    /// Called with the task's number for every request, before it is answered.
    var received: (_ number: Int, _ body: UnsafeRawBufferPointer) throws(BenchError) -> Void = { _, _ in }
    private let reactor: Reactor
    private let answer: [UInt8]

    init(answer body: String, reactor: Reactor) throws(BenchError) {
        (descriptor, port) = try Socket.listen()
        self.reactor = reactor
        answer = Array(
            """
            HTTP/1.1 200 OK\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """.utf8)
        try reactor.watch(self)
    }

    func close() {
        reactor.drop(self)
    }

    func ready(readable: Bool, writable: Bool) throws(BenchError) {
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw .system("accept") }
        try Socket.makeLoadReady(accepted)
        try reactor.watch(Visitor(accepted, of: self))
    }

    /// One connection of Kefu's. It may be closed by either side at any time.
    private final class Visitor: Watched {
        let descriptor: Int32
        private let sink: Sink
        private var stream = HTTPStream()

        init(_ descriptor: Int32, of sink: Sink) {
            self.descriptor = descriptor
            self.sink = sink
        }

        func ready(readable: Bool, writable: Bool) throws(BenchError) {
            let isOpen = try stream.receive(from: descriptor) { (_, body) throws(BenchError) in
                guard let number = body.number(after: TaskText.idPrefix) else {
                    throw BenchError("a request about no task of ours")
                }
                try sink.received(number, body)
                let count = sink.answer.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard count == sink.answer.count else { throw .system("write") }
            }
            if !isOpen { sink.reactor.drop(self) }
        }
    }
}
