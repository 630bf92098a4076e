/// The replies of commands that were sent together. Belongs to its connection's event loop.
final class ReplyBatch {
    typealias Caller = CheckedContinuation<[Result<RESPValue, RedisClientError>], Never>

    private var results: [Result<RESPValue, RedisClientError>]
    private var missing: Int
    private let caller: Caller

    /// - Parameter count: more than 0.
    init(count: Int, caller: Caller) {
        self.results = Array(repeating: .success(.null), count: count)
        self.missing = count
        self.caller = caller
    }

    func set(_ result: Result<RESPValue, RedisClientError>, at index: Int) {
        results[index] = result
        missing -= 1
        if missing == 0 { caller.resume(returning: results) }
    }

    /// Instead of any ``set(_:at:)``.
    func fail(_ error: RedisClientError) {
        caller.resume(returning: Array(repeating: .failure(error), count: results.count))
    }
}
