import Foundation
import NIOPosix
import Synchronization
import TestSupport

/// A system that hands tasks and events to Kefu, as its document tells it to: to any instance, again and again until
/// the answer is 200, the same request each time. Writes down every try.
final class Sender: Sendable {
    /// No answer for so long is none, ms. An instance waits 2 s for Redis: some senders give up before it does.
    static let patience = 800...3000
    /// Of those who cancel, who are in a hurry, ms.
    static let patienceInHurry = 200...900
    /// When something is not answered for so long, Kefu does not work.
    static let limit = Duration.seconds(90)

    let number: Int
    let stage: Stage
    private let random: Mutex<SeededGenerator>
    private let count = Mutex(0)

    init(_ number: Int, stage: Stage, seed: UInt64) {
        self.number = number
        self.stage = stage
        random = Mutex(SeededGenerator(seed: seed &+ UInt64(number) &* 0x9E37_79B9))
    }

    var recorder: Recorder { stage.recorder }

    func pick(_ range: ClosedRange<Int>) -> Int { random.withLock { Int.random(in: range, using: &$0) } }

    func pick<Element>(of elements: [Element]) -> Element { elements[pick(0...(elements.count - 1))] }

    /// Another one each time.
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }

    // MARK: Calls

    struct Reply: Sendable {
        var outcome: Call.Outcome
        /// Whether no earlier try may have been carried out too, or may still be.
        var isCertain: Bool
    }

    /// - Parameter generation: that the task will be in.
    /// - Returns: the one that it is in.
    @discardableResult
    func receive(_ task: JSON, generation: Int = 1) async throws -> Int {
        let id = task["task_id"].string ?? ""
        let reply = try await insist(.receive, id, generation, "/api/task/receive", task) { data in
            data["duplicate"] == true ? .duplicate : .accepted(generation: data["generation"].int ?? 1)
        }
        if case .accepted(let generation) = reply.outcome { return generation }
        if case .conflict = reply.outcome { recorder.odd("\(id) was answered with 409, and is nobody else's") }
        return generation
    }

    @discardableResult
    func cancel(_ id: String, generation: Int = 1) async throws -> Reply {
        try await insist(.cancel, id, generation, "/api/task/cancel", ["task_id": .string(id)]) { _ in .cancelled }
    }

    @discardableResult
    func fire(_ id: String) async throws -> Reply {
        try await insist(.fire, id, 1, "/api/task/fire", ["task_id": .string(id)]) { _ in .fired }
    }

    @discardableResult
    func report(_ event: JSON) async throws -> Reply {
        let id = event["conversation"]["event"].string ?? ""
        return try await insist(.event, id, 0, "/api/event", event) { Self.matched($0) }
    }

    static func matched(_ data: JSON) -> Call.Outcome {
        .matched(data["matched"].elements.compactMap(\.string), duplicate: data["duplicate"] == true)
    }

    /// Posts until somebody says yes, or no.
    private func insist(
        _ kind: Call.Kind, _ subject: String, _ generation: Int, _ path: String, _ body: JSON,
        read: (JSON) -> Call.Outcome
    ) async throws -> Reply {
        let end = ContinuousClock.now + Self.limit
        var isCertain = true
        while true {
            let (heard, call) = await post(path, body, isInHurry: kind == .cancel)
            var outcome = Self.outcome(of: heard, read: read)
            if outcome == nil {
                recorder.odd("\(path) of \(subject) was answered \(heard)")
                outcome = .unchanged
            }
            let found = outcome ?? .unchanged
            recorder.add(
                Call(
                    kind: kind, subject: subject, generation: generation, instance: call.instance,
                    invoked: call.invoked, ended: call.ended, outcome: found))
            if found.isFinal { return Reply(outcome: found, isCertain: isCertain) }
            if found == .unknown { isCertain = false }
            guard ContinuousClock.now < end else {
                recorder.odd("\(path) of \(subject) was not answered with 200 within \(Self.limit)")
                throw NotMet(description: "\(path) of \(subject) was not answered with 200 within \(Self.limit)")
            }
            try await lasting(.milliseconds(pick(20...120)))
        }
    }

    /// nil when the contract knows no such answer.
    static func outcome(of heard: Heard, read: (JSON) -> Call.Outcome) -> Call.Outcome? {
        let answer: Answer
        switch heard {
        case .noConnection: return .unchanged
        case .nothing: return .unknown
        case .answer(let said): answer = said
        }
        switch answer.status {
        case 200: return read(answer.data)
        case 409:
            let isNoted = answer.data["cancel_requested"] == true
            return .conflict(status: answer.data["status"].string ?? "", cancelRequested: isNoted)
        case 429: return .unchanged
        case 503:
            let detail = answer.json["error"]["detail"].string ?? ""
            return detail.contains("may have been carried out") ? .unknown : .unchanged
        default: return nil
        }
    }

    enum Heard: Sendable {
        case answer(Answer)
        /// Nobody listens, so nobody can have done anything.
        case noConnection
        case nothing
    }

    struct Try: Sendable {
        var instance: String
        var invoked: Double
        var ended: Double
    }

    /// One try at some instance, which may be dead.
    func post(_ path: String, _ body: JSON, isInHurry: Bool = false) async -> (heard: Heard, call: Try) {
        let member = stage.fleet.member(at: pick(0...(Plan.places - 1)))
        let invoked = recorder.now()
        let heard = await withTaskGroup(of: Heard.self) { group in
            group.addTask {
                do {
                    guard let member else { return .noConnection }
                    return .answer(try await member.instance.post(path, body))
                } catch is NIOConnectionError {
                    return .noConnection
                } catch {
                    // However else it failed: it is no answer.
                    return .nothing
                }
            }
            group.addTask { [patience = pick(isInHurry ? Self.patienceInHurry : Self.patience)] in
                // Cancelled when the answer has come.
                try? await lasting(.milliseconds(patience))
                return .nothing
            }
            let first = await group.next() ?? .nothing
            group.cancelAll()
            return first
        }
        return (heard, Try(instance: member?.name ?? "-", invoked: invoked, ended: recorder.now()))
    }
}

extension Call.Outcome {
    /// Whether its sender has what it wanted, or knows that it does not get it.
    var isFinal: Bool { self != .unknown && self != .unchanged }
}
