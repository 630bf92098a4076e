// The only file that touches hiredis (0.14.1's `redisReader`; 1.x has the same names). The C side calls back once an
// element with the reply functions below; they build Swift values directly, so no C object of a reply ever exists.
//
// After any error the reader is dead and so is its connection: where the next reply begins is no longer known.
// Not thread-safe: it belongs to one connection and its event loop.
import CHiredis
import NIOCore

/// Parses the bytes of one connection into replies.
struct RESPReader: ~Copyable {
    struct ProtocolError: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let builder: ReplyBuilder

    init(limits: RedisClientLimits) {
        let builder = ReplyBuilder(limits: limits)
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(to: ReplyBuilder.functions)
        guard let reader = redisReaderCreateWithFunctions(functions) else {
            preconditionFailure("out of memory")
        }
        // Unretained: the builder lives as long as this value, and the reader dies with it.
        reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
        self.builder = builder
        self.functions = functions
        self.reader = reader
    }

    deinit {
        redisReaderFree(reader)
        functions.deinitialize(count: 1)
        functions.deallocate()
    }

    mutating func feed(_ bytes: ByteBuffer) throws(ProtocolError) {
        let status = bytes.withUnsafeReadableBytes { part in
            redisReaderFeed(reader, part.baseAddress?.assumingMemoryBound(to: CChar.self), part.count)
        }
        guard status == REDIS_OK else { throw failure }
    }

    /// The next whole reply, or nil when more bytes are needed.
    mutating func next() throws(ProtocolError) -> RESPValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK else { throw failure }
        if reply != nil { return builder.takeReply() }
        guard reader.pointee.len - reader.pointee.pos + builder.bytes <= builder.limits.replyBytes else {
            throw ProtocolError(description: "a reply of more than \(builder.limits.replyBytes) bytes")
        }
        return nil
    }

    private var failure: ProtocolError {
        if let excess = builder.excess { return ProtocolError(description: excess) }
        let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return ProtocolError(description: text)
    }
}

/// Collects the elements of one reply in the order in which the reader meets them.
private final class ReplyBuilder {
    private struct Frame {
        var missing: Int
        var values: [RESPValue]
    }

    let limits: RedisClientLimits
    /// What made a reply too large, in English.
    private(set) var excess: String?
    /// Bytes of the strings of the reply under way.
    private(set) var bytes = 0
    private var elements = 0
    /// The arrays that are still open, outermost first.
    private var frames: [Frame] = []
    private var reply: RESPValue?

    init(limits: RedisClientLimits) { self.limits = limits }

    func takeReply() -> RESPValue? {
        defer {
            reply = nil
            bytes = 0
            elements = 0
        }
        return reply
    }

    /// False refuses the element: to the reader that is out of memory, which ends it.
    func add(string bytes: UnsafeBufferPointer<UInt8>, type: Int32) -> Bool {
        self.bytes += bytes.count
        guard self.bytes <= limits.replyBytes else {
            excess = "a reply of more than \(limits.replyBytes) bytes"
            return false
        }
        let text = String(decoding: bytes, as: UTF8.self)
        switch type {
        case REDIS_REPLY_STATUS: add(.status(text))
        case REDIS_REPLY_ERROR: add(.error(RESPError(text)))
        default: add(.string(text))
        }
        return true
    }

    /// As ``add(string:type:)``.
    func open(array count: Int) -> Bool {
        guard count <= limits.replyElements - elements else {
            excess = "a reply of more than \(limits.replyElements) elements"
            return false
        }
        elements += count
        guard count > 0 else {
            add(.array([]))
            return true
        }
        var frame = Frame(missing: count, values: [])
        // A few at first: a count is only a promise.
        frame.values.reserveCapacity(min(count, 256))
        frames.append(frame)
        return true
    }

    func add(_ value: RESPValue) {
        var value = value
        while !frames.isEmpty {
            let top = frames.count - 1
            frames[top].values.append(value)
            frames[top].missing -= 1
            guard frames[top].missing == 0 else { return }
            value = .array(frames.removeLast().values)
        }
        reply = value
    }
}

extension ReplyBuilder {
    static var functions: redisReplyObjectFunctions {
        var functions = redisReplyObjectFunctions()
        functions.createString = { task, start, count in
            ReplyBuilder.of(task) { builder, type in
                let bytes = UnsafeRawBufferPointer(start: start, count: count)
                return builder.add(string: bytes.assumingMemoryBound(to: UInt8.self), type: type)
            }
        }
        functions.createArray = { task, count in
            ReplyBuilder.of(task) { builder, _ in builder.open(array: Int(count)) }
        }
        functions.createInteger = { task, value in
            ReplyBuilder.of(task) { builder, _ in
                builder.add(.integer(value))
                return true
            }
        }
        functions.createNil = { task in
            ReplyBuilder.of(task) { builder, _ in
                builder.add(.null)
                return true
            }
        }
        functions.freeObject = { _ in }
        return functions
    }

    /// The reader only wants a pointer that is not null to hand to `freeObject`: it gets the builder's own.
    private static func of(
        _ task: UnsafePointer<redisReadTask>?, _ body: (ReplyBuilder, Int32) -> Bool
    ) -> UnsafeMutableRawPointer? {
        guard let task, let pointer = task.pointee.privdata else { return nil }
        let builder = Unmanaged<ReplyBuilder>.fromOpaque(pointer).takeUnretainedValue()
        return body(builder, task.pointee.type) ? pointer : nil
    }
}
