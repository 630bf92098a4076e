import Foundation
import TestSupport
import Testing

/// Three instances and a Redis under load, and everything happens to them that happens to such systems. What senders,
/// gateway and callback server saw must agree with the README's guarantees, and Redis with all of them.
///
/// `KEFU_CHAOS_ROUNDS` says how long (`make chaos ROUNDS=…`), `KEFU_CHAOS_SEED` repeats a plan.
@Suite(.timeLimit(.minutes(10 + Chaos.rounds / 8)))
struct ChaosTests {
    @Test func `whatever dies, stalls or lies, the eight guarantees hold`() async throws {
        let (seed, rounds) = (Chaos.seed, Chaos.rounds)
        let plan = Plan(seed: seed, rounds: rounds)
        let root = try Chaos.newFolder(seed: seed)
        Chaos.say("seed \(seed), \(rounds) rounds; logs in \(root)")
        var report = Report()
        for (number, chapter) in plan.chapters.enumerated() {
            let folder = "\(root)/chapter-\(number + 1)"
            let ending: Play.Ending
            do {
                ending = try await Play(chapter: chapter, folder: folder, say: Chaos.say).run()
            } catch {
                throw NotMet(description: "make chaos ROUNDS=\(rounds) SEED=\(seed): \(error); logs in \(folder)")
            }
            report.add(ending)
            guard ending.violations.isEmpty else {
                let text = Chaos.text(of: ending)
                try text.write(toFile: "\(folder)/violations.txt", atomically: true, encoding: .utf8)
                Issue.record("make chaos ROUNDS=\(rounds) SEED=\(seed), logs in \(folder)\n\(text.prefix(20_000))")
                break
            }
        }
        Chaos.say("\n" + report.text(seed: seed, rounds: rounds))
    }
}

private enum Chaos {
    /// Enough for every kind of fault.
    static let usualRounds = 36

    static var rounds: Int { number("KEFU_CHAOS_ROUNDS") ?? usualRounds }
    static let seed = number("KEFU_CHAOS_SEED") ?? UInt64.random(in: 0...999_999_999)

    private static func number<Number: FixedWidthInteger>(_ name: String) -> Number? {
        ProcessInfo.processInfo.environment[name].flatMap { Number($0) }
    }

    /// Below `.build`, which git ignores; what earlier runs left goes.
    static func newFolder(seed: UInt64) throws -> String {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let all = package.appendingPathComponent(".build/chaos")
        if FileManager.default.fileExists(atPath: all.path) { try FileManager.default.removeItem(at: all) }
        let own = all.appendingPathComponent("seed-\(seed)")
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        return own.path
    }

    /// At once, also when the output is no terminal.
    static let say: @Sendable (String) -> Void = { text in
        FileHandle.standardOutput.write(Data("chaos  \(text)\n".utf8))
    }

    /// The violations, then the stories of the first few tasks that they speak of.
    static func text(of ending: Play.Ending) -> String {
        let courses = ending.history.courses()
        let lines = ending.violations.prefix(50).map(\.description)
        var seen: Set<String> = []
        let tasks = ending.violations.compactMap(\.task).filter { seen.insert($0).inserted }.prefix(5)
        let stories = tasks.map { "\($0)\n\(courses[$0]?.story ?? "")" }
        return ([("\(ending.violations.count) violations")] + lines + stories).joined(separator: "\n")
    }
}
