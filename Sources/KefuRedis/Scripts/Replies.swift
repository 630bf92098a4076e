import KefuCore

// How replies of scripts are read. A reply of another shape than the script's header says is a defect.

extension RedisTaskStore {
    /// Runs a script whose reply is an array.
    func run(_ call: ScriptCall) async throws(StoreError) -> ReplyReader {
        let reply: RESPValue
        do {
            reply = try await client.run(call.script, keys: call.keys, arguments: call.arguments)
        } catch { throw StoreError(error) }
        return try ReplyReader(reply)
    }

    /// As ``run(_:)``; where replicas must confirm, one that they have not is an unknown outcome, safe to ask again.
    func runConfirmed(_ call: ScriptCall) async throws(StoreError) -> ReplyReader {
        guard confirms else { return try await run(call) }
        let results = await client.runConfirmed([call])
        switch results[0] {
        case .success(let reply): return try ReplyReader(reply)
        case .failure(let error): throw StoreError(error)
        }
    }

    /// Whether accepts and cancels wait for replicas.
    var confirms: Bool { client.replicasToConfirm > 0 }
}

/// Reads the elements of one array reply in order.
struct ReplyReader {
    private let elements: [RESPValue]
    private var index = 0

    /// - Throws: what an error reply means.
    init(_ reply: RESPValue) throws(StoreError) {
        switch reply {
        case .array(let elements): self.elements = elements
        case .error(let error): throw StoreError(error)
        default: throw .defect("a script's reply is no array")
        }
    }

    private init(elements: [RESPValue]) { self.elements = elements }

    var isAtEnd: Bool { index >= elements.count }

    mutating func next() throws(StoreError) -> RESPValue {
        guard index < elements.count else { throw .defect("a script's reply ended after \(index) elements") }
        defer { index += 1 }
        return elements[index]
    }

    mutating func string() throws(StoreError) -> String {
        let value = try next()
        guard let string = value.text else { throw .defect("element \(index) of a script's reply is no text") }
        return string
    }

    mutating func optionalString() throws(StoreError) -> String? { try next().text }

    mutating func int() throws(StoreError) -> Int64 {
        let value = try next()
        guard let number = value.integer ?? value.text.flatMap({ Int64($0) }) else {
            throw .defect("element \(index) of a script's reply is no number")
        }
        return number
    }

    mutating func optionalInt() throws(StoreError) -> Int64? {
        let value = try next()
        return value.integer ?? value.text.flatMap { Int64($0) }
    }

    mutating func strings() throws(StoreError) -> [String] { (try next().array ?? []).compactMap(\.text) }

    mutating func rows() throws(StoreError) -> [ReplyReader] {
        (try next().array ?? []).compactMap(\.array).map(ReplyReader.init(elements:))
    }

    mutating func row() throws(StoreError) -> ReplyReader? {
        try next().array.map(ReplyReader.init(elements:))
    }

    /// The rest as field, value, …
    mutating func fields() -> [String: String] {
        var fields: [String: String] = [:]
        while index + 1 < elements.count {
            if let name = elements[index].text { fields[name] = elements[index + 1].text }
            index += 2
        }
        return fields
    }

    mutating func status() throws(StoreError) -> TaskStatus {
        let word = try string()
        guard let status = TaskStatus(rawValue: word) else { throw .defect("unknown status \(word) in a record") }
        return status
    }

    /// The tasks that `claim` of the prelude returns.
    mutating func claims(token: String, heldUntil: ContinuousClock.Instant) throws(StoreError) -> [ClaimedTask] {
        var claims: [ClaimedTask] = []
        for var row in try rows() {
            claims.append(try row.claim(token: token, heldUntil: heldUntil))
        }
        return claims
    }

    private mutating func claim(token: String, heldUntil: ContinuousClock.Instant) throws(StoreError) -> ClaimedTask {
        let id = try string()
        let (generation, attempt, retries) = (Int(try int()), Int(try int()), Int(try int()))
        let kind = try string()
        guard let kind = ActionKind(rawValue: kind) else { throw .defect("unknown action \(kind) in task \(id)") }
        let action = Action(
            kind: kind, message: try optionalString(), fileURL: try optionalString(), url: try optionalString())
        let customer = Customer(id: try string(), name: try optionalString())
        let (triggeredAt, event) = (try int(), try optionalString())
        let own = try optionalString().flatMap(TraceParent.init)
        return ClaimedTask(
            lease: Lease(taskID: id, token: token), heldUntil: heldUntil, generation: generation, attempt: attempt,
            retryCount: retries, action: action, customer: customer, triggeredAtMs: triggeredAt,
            triggerEventJSON: event, trace: event.flatMap(RecordedEvent.init)?.trace ?? own)
    }

    /// A callback as `queue_callback` of the prelude returns it.
    mutating func callback() throws(StoreError) -> ClaimedCallback {
        let (id, taskID) = (try string(), try string())
        let status = try status()
        let (at, generation, attempts) = (try int(), Int(try int()), Int(try int()))
        let customer = try string()
        let (deliveries, heldUntil) = (Int(try int()), try int())
        return ClaimedCallback(
            callback: Callback(
                id: id, taskID: taskID, status: status, error: try optionalString(), errorCode: try optionalString(),
                atMs: at, generation: generation, taskAttempts: attempts, customerID: customer,
                resultJSON: try optionalString(), trace: try optionalString().flatMap(TraceParent.init)),
            earlierDeliveries: deliveries, claimedUntilMs: heldUntil)
    }
}

extension StoreError {
    /// Error replies that say: not executed, ask again later.
    private static let passing: Set<String> = [
        "LOADING", "OOM", "READONLY", "MISCONF", "NOREPLICAS", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN",
        "NOAUTH", "WRONGPASS", "NOPERM",
    ]

    init(_ error: RedisClientError) {
        switch error {
        case .unavailable(let reason): self = .unavailable(reason)
        case .outcomeUnknown(let reason): self = .outcomeUnknown(reason)
        }
    }

    init(_ reply: RESPError) {
        if reply.refusesInside {
            self = .outcomeUnknown(reply.text)
        } else {
            self = Self.passing.contains(String(reply.prefix)) ? .unavailable(reply.text) : .defect(reply.text)
        }
    }
}
