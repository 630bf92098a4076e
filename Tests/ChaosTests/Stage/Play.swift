import Foundation
import Synchronization
import TestSupport

/// Plays one chapter of a plan: load and faults, then healing, quiet, and the check of all that happened.
struct Play: Sendable {
    /// Many, so that work goes on while some wait for an instance that does not answer.
    static let senders = 40
    /// So many actions reach the gateway between two rounds: the system works again before the next fault.
    static let breath = 20

    let chapter: Plan.Chapter
    /// Where logs stay.
    let folder: String
    let say: @Sendable (String) -> Void

    struct Ending: Sendable {
        var history: History
        var violations: [Checker.Violation]
        var prevented: [Prevented]
        var instances: Int
    }

    /// Something that would have been done twice, and how it was noticed.
    struct Prevented: Sendable {
        var what: String
        var count: Int
    }

    func run() async throws -> Ending {
        let stage = try await Stage.open(folder: folder)
        let result: Result<Ending, any Error>
        do { result = .success(try await play(on: stage)) } catch { result = .failure(error) }
        if case .failure = result {
            let text = stage.recorder.history.text
            try text.write(toFile: "\(folder)/history.txt", atomically: true, encoding: .utf8)
            // What Redis has said may explain it; without it the error still counts.
            try? FileManager.default.copyItem(atPath: "\(stage.redis.folder)/log", toPath: "\(folder)/redis.log")
        }
        try await stage.close()
        do { return try result.get() } catch {
            let odd = stage.recorder.history.oddities.prefix(10).joined(separator: "\n")
            throw NotMet(description: "\(error)\n\(odd)")
        }
    }

    private func play(on stage: Stage) async throws -> Ending {
        let isOver = Flag()
        let tail = ChangesTail(redis: stage.redis, recorder: stage.recorder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await tail.run() }
            for number in 0..<Self.senders {
                let sender = Sender(number, stage: stage, seed: chapter.seed)
                group.addTask { try await Customers(sender: sender).run { !isOver.isUp } }
            }
            try await harm(stage)
            isOver.raise()
            try await stage.heal()
            for _ in 0..<Self.senders { try await group.next() }
            try await stage.quiet()
            group.cancelAll()
        }
        for odd in try await stage.fleet.stopAll() + stage.fleet.defects { stage.recorder.odd(odd) }
        try await tail.finish()
        return try await judged(stage)
    }

    private func harm(_ stage: Stage) async throws {
        let nemesis = Nemesis(stage: stage)
        for (number, round) in chapter.rounds.enumerated() {
            try await breathe(stage)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for fault in round {
                    group.addTask {
                        let start = stage.recorder.now()
                        try await nemesis.perform(fault, isAlone: round.count == 1)
                        let injection = Injection(name: fault.name, start: start, end: stage.recorder.now())
                        stage.recorder.record { $0.faults.append(injection) }
                    }
                }
                try await group.waitForAll()
            }
            let names = round.map(\.name).joined(separator: " + ")
            say("round \(number + 1)/\(chapter.rounds.count)  \(names)")
        }
        try await breathe(stage)
    }

    private func breathe(_ stage: Stage) async throws {
        let goal = stage.recorder.sendings + Self.breath
        try await eventually(within: .seconds(90), "actions reach the gateway again") {
            stage.recorder.sendings >= goal
        }
    }

    private func judged(_ stage: Stage) async throws -> Ending {
        let keys = try await stage.redis.keys(Stage.prefix)
        let image = try await stage.redis.admin.pagedDump(Stage.prefix, keys: keys)
        var records: [String: [String: String]] = [:]
        for (key, shown) in image where key.hasPrefix("task:") {
            guard case .hash(let record) = shown.value else { continue }
            records[String(key.dropFirst(5)).replacing("%3A", with: ":").replacing("%25", with: "%")] = record
        }
        stage.recorder.record { [records] in $0.records = records }
        let history = stage.recorder.history
        try history.text.write(toFile: "\(folder)/history.txt", atomically: true, encoding: .utf8)
        var violations = Checker.violations(in: history)
        violations += KeySpaceInvariants(image).violations.map {
            Checker.Violation(guarantee: .inPlace, text: $0)
        }
        return Ending(
            history: history, violations: violations, prevented: prevented(stage, history),
            instances: stage.fleet.started)
    }

    /// Only what can be seen: answers that said so, lines in the logs.
    private func prevented(_ stage: Stage, _ history: History) -> [Prevented] {
        let tasks = history.calls.count { $0.outcome == .duplicate }
        let events = history.calls.count {
            if case .matched(_, duplicate: true) = $0.outcome { true } else { false }
        }
        let late = stage.fleet.count("任务租约已失效，结果作废")
        let unsent = stage.fleet.count("任务租约已失效，未发送")
        return [
            Prevented(what: "tasks posted again", count: tasks), Prevented(what: "events posted again", count: events),
            Prevented(what: "late answers of lost leases", count: late),
            Prevented(what: "actions not sent for a lost lease", count: unsent),
        ]
    }
}

/// Up once raised. Safe from any thread.
final class Flag: Sendable {
    private let state = Atomic(false)

    var isUp: Bool { state.load(ordering: .relaxed) }
    func raise() { state.store(true, ordering: .relaxed) }
}
