import Foundation
import TestSupport
import Testing

/// Many callers at once, at two instances.
@Suite(.timeLimit(.minutes(2)))
struct RaceTests {
    @Test func `a task sent by everybody at once is accepted once and fired once`() async throws {
        try await Site.run { site in
            let kefu = [try await site.start(), try await site.start()]
            let answers = try await all(40) { try await kefu[$0 % 2].post("/api/task/receive", Tasks.message("T1")) }
            #expect(answers.allSatisfy { $0.status == 200 })
            #expect(answers.count { $0.data["duplicate"] != true } == 1)
            let events = try await all(40) { try await kefu[$0 % 2].report(Tasks.said("好的")) }
            #expect(events.flatMap { $0 } == ["T1"])
            try await kefu[0].status("T1", is: "completed")
            #expect(site.gateway.requests.count == 1)
        }
    }

    @Test func `of an event, a cancel and a manual fire one wins, and all answers agree`() async throws {
        try await Site.run { site in
            let kefu = [try await site.start(), try await site.start()]
            let gate = HTTPSink.Gate()
            site.gateway.respond { _ in .held(by: gate, .status(200)) }
            var cancelled: Set<String> = []
            for round in 1...30 {
                let id = "T\(round)"
                try await kefu[0].accept(Tasks.message(id, customer: id))
                async let event = kefu[round % 2].report(Tasks.said("好的", by: id))
                async let cancel = kefu[(round + 1) % 2].cancel(id)
                async let fire = kefu[0].post("/api/task/fire", ["task_id": .string(id)])
                let (fired, cancelAnswer, fireAnswer) = try await (event, cancel, fire)
                let triggers = fired.count + (fireAnswer.status == 200 ? 1 : 0)
                if cancelAnswer.status == 200 {
                    cancelled.insert(id)
                    // It may have fired and been cancelled before anybody claimed it.
                    #expect(triggers <= 1)
                } else {
                    #expect(cancelAnswer.status == 409 && triggers == 1, "\(id) \(cancelAnswer.body)")
                }
            }
            gate.open()
            try await eventually("all have ended") {
                let counts = try await kefu[0].get("/api/task/stats").data["by_status"]
                return counts["completed"].int == 30 - cancelled.count && counts["cancelled"].int == cancelled.count
            }
            let sent = site.gateway.requests.compactMap { $0.json["task_id"].string }
            #expect(Set(sent).isDisjoint(with: cancelled) && Set(sent).count == sent.count)
        }
    }

    @Test func `of an event and a deadline one wins, and all answers agree`() async throws {
        try await Site.run { site in
            let kefu = [try await site.start(), try await site.start()]
            let rounds = 200
            var fired: Set<String> = []
            for round in 1...rounds {
                let id = "T\(round)"
                // From before the first event can come to after the last one has.
                let hours = Double(1 + round % 20) / 3_600_000
                try await kefu[0].accept(Tasks.message(id, customer: id, ["timeout_hours": .number(hours)]))
                let told = try await all(2) { try await kefu[$0].report(Tasks.said("好的", by: id)) }.flatMap { $0 }
                #expect(told == [] || told == [id], "\(told)")
                fired.formUnion(told)
            }
            try await ended(rounds, kefu[0], completed: fired.count, failed: rounds - fired.count)
            let sent = site.gateway.requests.compactMap { $0.json["task_id"].string }
            #expect(sent.count == fired.count && Set(sent) == fired)
            let told = try await site.receiver.requests(atLeast: rounds).map(\.json)
            #expect(
                told.allSatisfy { told in
                    let isFired = fired.contains(told["task_id"].string ?? "")
                    return told["status"].string == (isFired ? "completed" : "failed")
                        && told["error_code"].string == (isFired ? nil : "timeout")
                })
        }
    }

    @Test func `of a time and a cancel one wins, and nothing is sent after a cancel that won`() async throws {
        try await Site.run { site in
            let kefu = [try await site.start(), try await site.start()]
            let rounds = 200
            var cancelled: Set<String> = []
            for round in 1...rounds {
                let id = "T\(round)"
                let due = Date(timeIntervalSinceNow: Double(round % 20) / 1000)
                let time = due.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
                let trigger: JSON = ["type": "time_reach", "time": .string(time)]
                try await kefu[0].accept(Tasks.message(id, customer: id, trigger: trigger))
                let cancel = try await kefu[1].cancel(id)
                #expect(cancel.status == 200 || cancel.status == 409)
                if cancel.status == 200 {
                    cancelled.insert(id)
                    #expect(!site.gateway.requests.contains { $0.json["task_id"].string == id }, "\(id)")
                }
            }
            try await ended(rounds, kefu[0], completed: rounds - cancelled.count, cancelled: cancelled.count)
            let sent = site.gateway.requests.compactMap { $0.json["task_id"].string }
            #expect(Set(sent).isDisjoint(with: cancelled) && Set(sent).count == sent.count)
            #expect(sent.count == rounds - cancelled.count)
        }
    }

    private func ended(
        _ total: Int, _ kefu: Instance, completed: Int, failed: Int = 0, cancelled: Int = 0
    ) async throws {
        try await eventually("all \(total) have ended") {
            let counts = try await kefu.get("/api/task/stats").data["by_status"]
            return counts["completed"].int == completed && counts["failed"].int == failed
                && counts["cancelled"].int == cancelled
        }
    }

    private func all<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup { group in
            for number in 0..<count { group.addTask { try await body(number) } }
            var values: [Value] = []
            for try await value in group { values.append(value) }
            return values
        }
    }
}
