/// What a stretch of time cost: wall clock, and CPU of Kefu, of Redis and of the load generator. Nanoseconds.
struct Consumption {
    var elapsed: Int64
    var kefu: Int64
    var redis: Int64
    var generator: Int64

    /// Readings of now; subtract an earlier one.
    static func reading(of stage: Stage) -> Consumption {
        Consumption(
            elapsed: Moment.monotonic(), kefu: Moment.cpu(ofProcess: stage.kefu.id),
            redis: Moment.cpu(ofProcess: stage.redisProcess.id), generator: Moment.ownCPU())
    }

    static func - (later: Consumption, earlier: Consumption) -> Consumption {
        Consumption(
            elapsed: later.elapsed - earlier.elapsed, kefu: later.kefu - earlier.kefu,
            redis: later.redis - earlier.redis, generator: later.generator - earlier.generator)
    }

    var seconds: Double { Double(elapsed) / 1e9 }
}
