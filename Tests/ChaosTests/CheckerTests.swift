import TestSupport
import Testing

/// Each guarantee is broken once, and the checker says which and how.
@Suite struct CheckerTests {
    @Test func `it has nothing to say about a history in which all went well`() {
        #expect(Checker.violations(in: MadeUp.lived).map(\.description) == [])
        #expect(Checker.violations(in: MadeUp.cancelled).map(\.description) == [])
        #expect(Checker.violations(in: MadeUp.takenOver(after: 1200)).map(\.description) == [])
    }

    @Test func `it finds a task that was lost`() {
        #expect(found(.kept) { $0.records = [:] } == ["accepted, and there is no record of it"])
        let stuck = found(.kept) { $0.records["T1"]?["status"] = "running" }
        #expect(stuck == ["has come to rest as running"])
        let older = found(.kept) { $0.calls[0].outcome = .accepted(generation: 2) }
        #expect(older == ["generation 2 was accepted and is not there"])
    }

    @Test func `it finds an answer that wrongly said that nothing was changed`() {
        let wrong = found(.kept) { $0.calls[0].outcome = .unchanged }
        #expect(wrong == ["an answer said that nothing was changed, and the next one that it is a duplicate"])
    }

    @Test func `it finds a trigger that fired twice`() {
        let wrong = found(.firedOnce) { history in
            history.changes.insert(MadeUp.change("waiting", "triggered", 46), at: 2)
            history.changesMade += 1
        }
        #expect(wrong == ["fired 2 times in generation 1", "went from ready to waiting (triggered) in generation 1"])
        let twoWinners = found(.firedOnce) {
            $0.calls.append(MadeUp.call(.event, "e2", 0, at: 41, .matched(["T1"], duplicate: false)))
        }
        #expect(twoWinners == ["2 events and 0 senders were told that they fired it"])
    }

    @Test func `it finds an event beside a deadline that both won`() {
        let wrong = found(.firedOnce) { history in
            history.changes.insert(MadeUp.change("failed", "timeout", 44), at: 1)
            history.changesMade += 1
        }
        #expect(wrong == ["went from failed to waiting (triggered) in generation 1"])
    }

    @Test func `it finds an event that was answered with 200 and forgotten`() {
        let wrong = found(.firedOnce) { $0.changes.removeAll { $0.cause == "triggered" } }
        #expect(wrong.contains("T1: the event e1 was answered with 200 and has not fired it"))
    }

    @Test func `it finds a time that came early`() {
        let wrong = found(.firedOnce) { $0.promises["T1"]?.due = 50 }
        #expect(wrong == ["fired 5 ms before its time"])
    }

    @Test func `it finds an action after an acknowledged cancel`() {
        let wrong = found(.cancelled, in: MadeUp.cancelled) {
            $0.sendings = [MadeUp.sending(attempt: 1, at: 130, answer: 200)]
        }
        #expect(wrong == ["the gateway was asked 105 ms after the cancel was answered with 200"])
        let undone = found(.cancelled, in: MadeUp.cancelled) { $0.changes[1].status = "completed" }
        #expect(undone == ["a cancel was answered with 200 and it ended as completed"])
        let noted = found(.cancelled, in: MadeUp.cancelled) { history in
            history.calls[1].outcome = .conflict(status: "running", cancelRequested: true)
            history.changes[1].status = "failed"
        }
        #expect(noted == ["a cancel was noted and it ended as failed"])
    }

    @Test func `it finds an attempt under another key, or sent twice`() {
        let other = found(.sameKey) { $0.sendings[1].key = "T1:2" }
        #expect(other == ["generation 1 was sent under the key T1:2"])
        let twice = found(.sameKey) { $0.sendings[1].attempt = 1 }
        #expect(twice.contains("an attempt was sent twice: [1, 1] of generation 1"))
        #expect(Checker.key(of: TaskTurn(task: "a:b 好", generation: 3)) == "a%3Ab%20%E5%A5%BD:3")
    }

    @Test func `it finds a late answer that changed something`() {
        let wrong = found(.sameKey) { $0.records["T1"]?["result"] = Sending.result(by: "i2", attempt: 1) }
        #expect(wrong.count == 1 && wrong[0].contains("attempt 2 was sent by i1"), "\(wrong)")
    }

    @Test func `it finds a state that was not called back, or under two ids`() {
        #expect(found(.calledBack) { $0.deliveries = [] } == ["completed of generation 1 was never called back"])
        let refused = found(.calledBack) { $0.deliveries[0].isAccepted = false }
        #expect(refused == ["completed of generation 1 was never called back"])
        let two = found(.calledBack) { $0.deliveries.append(MadeUp.delivery("cb_2", "completed", of: 120)) }
        #expect(two == ["completed of generation 1 was called back under several callback_ids"])
        let false_ = found(.calledBack) { $0.deliveries.append(MadeUp.delivery("cb_2", "failed", of: 121)) }
        #expect(false_ == ["failed of generation 1 was called back and never was"])
    }

    @Test func `it finds a record that says something else than its changes`() {
        let wrong = found(.inPlace) { $0.records["T1"]?["status"] = "failed" }
        #expect(wrong == ["its last change was to completed, its record says failed"])
        let reason = found(.inPlace) { history in
            history.records["T1"]?["status"] = "failed"
            history.changes[6].status = "failed"
            history.changes[6].cause = "retries_exhausted"
        }
        #expect(reason == ["failed by retries_exhausted, for which there was no reason"])
    }

    @Test func `it finds rests in the key space`() {
        let image: [String: KeyImage] = ["ready": KeyImage(.sortedSet(["T1": 1e13]))]
        #expect(KeySpaceInvariants(image).violations == ["ready: T1 has no record"])
    }

    @Test func `it finds an event that reached another customer's task`() {
        let matched = found(.ownCustomer) { $0.happenings["e1"]?.customer = "c1:custom" }
        #expect(matched == ["the event e1 of c1:custom matched T1, which is another's"])
        let fired = found(.ownCustomer) { $0.sendings[0].eventCustomer = "c2" }
        #expect(fired == ["was fired by an event of c2"])
        let foreign = found(.ownCustomer) { $0.sendings[0].event = "e9" }
        #expect(foreign == ["was fired by e9, not by [\"e1\"]"])
    }

    @Test func `it finds a dead instance's task that nobody took over in time`() {
        let late = MadeUp.takenOver(after: 1000 + Checker.takeoverSlack + 1)
        #expect(found(.takenOver, in: late) { _ in } == ["T1 of i2 was taken over after 11001 ms"])
        let costly = found(.inPlace, in: MadeUp.takenOver(after: 1200)) { $0.records["T1"]?["retry_count"] = "1" }
        #expect(costly == ["0 pauses, retry_count 1"])
    }

    @Test func `it finds a claim out of order`() {
        let wrong = found(.takenOver) { history in
            history.promises["T0"] = Promise(id: "T0", customer: "c1", priority: "urgent")
            let changes = [("waiting", "accepted"), ("waiting", "triggered")].map { status, cause in
                MadeUp.change(status, cause, 110, task: "T0")
            }
            history.changes.insert(contentsOf: changes, at: 5)
        }
        #expect(wrong == ["T1 was claimed before T0: high 45 before urgent 110"])
    }

    @Test func `it finds what no sender should ever hear, and a history with gaps`() {
        #expect(found(.contract) { $0.oddities = ["/api/event was answered 500"] } == ["/api/event was answered 500"])
        #expect(found(.contract) { $0.changesMade = 9 } == ["7 of 9 changes were read"])
    }

    /// What it says about one guarantee when a history is spoiled.
    private func found(
        _ guarantee: Checker.Guarantee, in history: History = MadeUp.lived, _ spoil: (inout History) -> Void
    ) -> [String] {
        var history = history
        spoil(&history)
        return Checker.violations(in: history).filter { $0.guarantee == guarantee }.map(\.text)
    }
}
