import KefuCore
import Logging
import ServiceLifecycle

/// Sees to it that what is due moves: asks the store to move it, hands on what came back and sleeps until the next
/// thing is due. Redis alone judges what is due, so nothing can fire early; all instances may sweep.
package final class Sweeper: Service {
    /// The most tasks that one sweep claims: the executor's own calls take the rest, and events that come meanwhile
    /// find places too.
    package static let claimsPerCall = 16
    /// The most callbacks that one sweep claims.
    package static let callbacksPerCall = 64

    private let store: any TaskStore
    private let executor: any ActionExecutor
    private let courier: CallbackCourier
    private let alarm: Alarm
    private let time: Timekeeper
    private let logger: Logger

    package init(
        store: any TaskStore, executor: any ActionExecutor, courier: CallbackCourier, alarm: Alarm,
        time: Timekeeper = .continuous, logger: Logger
    ) {
        self.store = store
        self.executor = executor
        self.courier = courier
        self.alarm = alarm
        self.time = time
        self.logger = logger
    }

    /// A graceful shutdown ends the sleep, never a sweep under way: its claims would be lost to their leases.
    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            var pace = SweepPace()
            var episode = FailureEpisode()
            while !alarm.isClosed {
                alarm.reset()
                let pause: Duration
                do {
                    pause = pace.pause(after: try await sweep())
                    if episode.ends() { logger.notice("任务调度已恢复") }
                } catch {
                    pause = pace.pauseAfterFailure()
                    if episode.begins() { logger.error("任务调度暂停，存储不可用", metadata: ["error": "\(error)"]) }
                }
                await alarm.sleep(until: time.now().advanced(by: pause))
            }
        } onCancelOrGracefulShutdown: {
            self.alarm.close()
        }
    }

    private func sweep() async throws(StoreError) -> Handout<SweepOutcome> {
        let places = executor.reserve(atMost: Self.claimsPerCall)
        let callbackPlaces = courier.reserve(atMost: Self.callbacksPerCall)
        do {
            let handout = try await store.sweep(capacity: places, callbackCapacity: callbackPlaces)
            let isFull = callbackPlaces > 0 && handout.callbacks.count == callbackPlaces
            courier.take(handout.callbacks, reserved: callbackPlaces, mayHaveMore: isFull)
            var work = handout.work
            work.callbacks = []
            // When the next thing is due is the pace's business here.
            work.nextDueInMs = nil
            executor.take(work, reserved: places)
            report(handout.outcome)
            return handout
        } catch {
            executor.cancelReservation(places)
            courier.cancelReservation(callbackPlaces)
            throw error
        }
    }

    private func report(_ outcome: SweepOutcome) {
        func fields(_ id: String, _ code: ErrorCode? = nil) -> Logger.Metadata {
            var fields: Logger.Metadata = ["task_id": "\(id)"]
            if let code { fields["error_code"] = "\(code.rawValue)" }
            if let trace = outcome.traces[id] { fields["trace_id"] = "\(trace.traceID)" }
            return fields
        }
        for id in outcome.timedOut { logger.warning("任务执行失败", metadata: fields(id, .timeout)) }
        for id in outcome.lost { logger.error("任务执行失败", metadata: fields(id, .lost)) }
        for id in outcome.reclaimed { logger.warning("任务租约到期，重新排队", metadata: fields(id)) }
    }
}
