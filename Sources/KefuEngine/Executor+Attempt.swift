import KefuCore
import Logging

/// One attempt: send, decide, settle.
extension Executor {
    /// Pauses between two tries to settle, in milliseconds: short, so that a Redis that comes back hears how the
    /// attempt ended before anybody sweeps its lease away.
    static let settlePause: ClosedRange<Int64> = 20...100

    /// Works on one task after the other until the store has no next one for this place.
    func occupyPlace(beginningWith first: HeldTask) async {
        var next: HeldTask? = first
        while let task = next { next = await attempt(task) }
    }

    /// - Returns: the next task for the place, or nil when it is empty now.
    private func attempt(_ held: HeldTask) async -> HeldTask? {
        logger.info("任务触发", metadata: held.logFields)
        let report = await gateway.send(held.request())
        metrics.note(report, of: held)
        if Task.isCancelled, !report.answer.isConclusive {
            // The grace period is over: the executor's last call hands the task back.
            if report.answer == .notSent { held.noteNotSent() }
            abandonPlace()
            return nil
        }
        if report.answer == .notSent, held.isHeld {
            // The gateway cannot send at all: the task is as it was, and need not wait for its lease.
            held.noteNotSent()
            await handBack([held])
            return nil
        }
        var random = SystemRandomNumberGenerator()
        let settled = AttemptVerdict.decide(
            report, retryCount: held.task.retryCount, policy: policy, using: &random)
        guard let settled else {
            logger.warning("任务租约已失效，未发送", metadata: held.logFields)
            self.held.remove(held.lease)
            abandonPlace()
            return nil
        }
        // The answer is known, so it is recorded even when the grace period has ended meanwhile.
        if Task.isCancelled { return await Shield.run { await self.settle(held, settled, isLastTry: true) } }
        return await settle(held, settled, isLastTry: false)
    }

    /// Asks the store to record the attempt, again and again while the lease may still be held: `finish` is fenced
    /// and safe to repeat, the action is not.
    private func settle(_ held: HeldTask, _ attempt: SettledAttempt, isLastTry: Bool) async -> HeldTask? {
        var episode = FailureEpisode()
        while true {
            let callbackPlaces = courier.reserve(atMost: 1)
            do throws(StoreError) {
                let handout = try await store.finish(
                    held.lease, attempt: attempt, capacity: starts ? 1 : 0, callbackCapacity: callbackPlaces)
                self.held.remove(held.lease)
                if handout.outcome == .stale, !held.isLost { metrics.leasesLost.increment() }
                report(handout.outcome, attempt, of: held)
                courier.take(handout.callbacks, reserved: callbackPlaces)
                var work = handout.work
                work.callbacks = []
                heedHints(of: work)
                return passPlace(to: work)
            } catch {
                courier.cancelReservation(callbackPlaces)
                if episode.begins() {
                    log(.warning, "任务结果未能记录，稍后重试", of: held, ["error": "\(error)"])
                }
                guard !isLastTry, await pauseBeforeSettling(held, after: error) else {
                    log(.error, "任务结果未能记录，等待租约到期", of: held, ["error": "\(error)"])
                    if !Task.isCancelled, !isLastTry { self.held.remove(held.lease) }
                    abandonPlace()
                    return nil
                }
            }
        }
    }

    /// - Returns: whether the attempt may still be settled. An unreachable store is asked until it answers, past the
    ///   lease's end by our clock too: the token may still match. A defect is not worth as much.
    private func pauseBeforeSettling(_ held: HeldTask, after error: StoreError) async -> Bool {
        // Cancelled: the grace period is over.
        do { try await time.sleep(for: .milliseconds(Int64.random(in: Self.settlePause))) } catch { return false }
        if case .defect = error { return held.isHeld }
        return !held.isLost
    }
}

// MARK: - Handing back

extension Executor {
    /// Hands back claims that were not started, as often as it takes while the grace period lasts.
    func handBack(_ tasks: [HeldTask]) async {
        for task in tasks { task.lose() }
        while true {
            do throws(StoreError) {
                try await store.release(tasks.map { (lease: $0.lease, started: false) })
                break
            } catch {
                logger.debug("任务归还失败", metadata: ["error": "\(error)"])
                // Cancelled: the last call of the executor tries once more.
                do { try await time.sleep(for: .milliseconds(Int64.random(in: Self.settlePause))) } catch { return }
            }
        }
        for task in tasks { held.remove(task.lease) }
        emptyPlaces(tasks.count)
    }

    /// Hands back whatever is still held when the executor ends.
    func handBackRest() async {
        let rest = held.all
        guard !rest.isEmpty else { return }
        for task in rest { task.lose() }
        logger.warning("停止时仍有未完成的任务，正在归还", metadata: ["tasks": "\(rest.count)"])
        await Shield.run {
            do throws(StoreError) {
                try await self.store.release(rest.map { (lease: $0.lease, started: $0.isStarted) })
                for task in rest { self.held.remove(task.lease) }
            } catch {
                self.logger.error("任务归还失败，等待租约到期", metadata: ["error": "\(error)"])
            }
        }
    }
}

// MARK: - Logging

extension Executor {
    private func report(_ outcome: FinishOutcome, _ attempt: SettledAttempt, of held: HeldTask) {
        var fields: Logger.Metadata = ["duration_ms": "\(Int64(attempt.duration / .milliseconds(1)))"]
        if let status = attempt.httpStatus { fields["http_status"] = "\(status)" }
        if let error = attempt.error { fields["error"] = "\(error)" }
        switch outcome {
        case .completed:
            log(.info, "任务完成", of: held, fields)
        case .retrying:
            if case .retry(let code, let pause) = attempt.verdict {
                fields["error_code"] = "\(code.rawValue)"
                fields["pause_ms"] = "\(Int64(pause / .milliseconds(1)))"
            }
            log(.warning, "任务将重试", of: held, fields)
        case .failed:
            fields["error_code"] = "\(attempt.finalCode.rawValue)"
            log(.error, "任务执行失败", of: held, fields)
        case .cancelled:
            log(.info, "任务已取消", of: held, fields)
        case .stale:
            log(.warning, "任务租约已失效，结果作废", of: held, fields)
        }
    }

    private func log(_ level: Logger.Level, _ message: Logger.Message, of held: HeldTask, _ fields: Logger.Metadata) {
        logger.log(level: level, message, metadata: held.logFields.merging(fields) { $1 })
    }
}

extension HeldTask {
    /// What every line about an attempt says: which it is, and what it belongs to.
    var logFields: Logger.Metadata {
        var fields: Logger.Metadata = [
            "task_id": "\(lease.taskID)", "customer_id": "\(task.customer.id)", "attempt": "\(task.attempt)",
        ]
        if let trace = task.trace { fields["trace_id"] = "\(trace.traceID)" }
        if let request = task.requestID { fields["request_id"] = "\(request)" }
        return fields
    }
}

extension GatewayReport.Answer {
    /// Whether the gateway itself answered.
    fileprivate var isConclusive: Bool {
        switch self {
        case .accepted, .rejected, .failed: true
        case .unreachable, .notSent: false
        }
    }
}
