/// What a stretch of time cost: wall clock, and CPU of all instances, of Redis and of the load generator. Nanoseconds.
struct Consumption {
    var elapsed: Int64
    var kefu: Int64
    var redis: Int64
    var generator: Int64

    /// Readings of now; subtract an earlier one.
    static func reading(of stage: Stage) -> Consumption {
        Consumption(
            elapsed: Moment.monotonic(),
            kefu: stage.instances.reduce(0) { $0 + Moment.cpu(ofProcess: $1.process.id) },
            redis: Moment.cpu(ofProcess: stage.server.process.id), generator: Moment.ownCPU())
    }

    static func - (later: Consumption, earlier: Consumption) -> Consumption {
        Consumption(
            elapsed: later.elapsed - earlier.elapsed, kefu: later.kefu - earlier.kefu,
            redis: later.redis - earlier.redis, generator: later.generator - earlier.generator)
    }

    var seconds: Double { Double(elapsed) / 1e9 }

    /// CPU µs of Kefu and Redis for each of so many.
    func both(per operations: Int) -> Double { Double(kefu + redis) / 1000 / Double(max(operations, 1)) }
}

extension Stage {
    private static let warmUpNanoseconds: Int64 = 1_000_000_000

    /// Lets what is under way go on for a warm-up and then `seconds`.
    ///
    /// - Parameters:
    ///   - count: how much was done so far.
    ///   - warm: called behind the warm-up.
    /// - Returns: How much was done in the measured time, and what it cost.
    func measure(
        seconds: Int, count: () -> Int, warm: () -> Void = {}
    ) throws(BenchError) -> (count: Int, cost: Consumption) {
        _ = try reactor.run(until: Moment.monotonic() + Self.warmUpNanoseconds)
        warm()
        let before = (count(), Consumption.reading(of: self))
        _ = try reactor.run(until: Moment.monotonic() + Int64(seconds) * 1_000_000_000)
        let after = (count(), Consumption.reading(of: self))
        return (after.0 - before.0, after.1 - before.1)
    }
}
