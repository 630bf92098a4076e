import Foundation
import Glibc
import TestSupport
import Testing

/// Platforms that push over `GET /api/event/ws` and never stop (`Peers/flood.py`): they are slowed down, nobody else
/// is, and an instance that stops tells them so.
@Suite(.timeLimit(.minutes(2)))
struct EventFloodTests {
    private static func flood(_ kefu: Instance, _ count: Int, _ kind: String) async throws -> Child {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Peers/flood.py").path
        return try await Child.start("python3", [path, "\(kefu.port)", "\(count)", kind])
    }

    private static func told(_ flood: Child, _ what: String) -> [JSON] {
        // The last line may be half written.
        flood.output.split(separator: "\n").compactMap { try? JSON(String($0)) }.filter { $0["what"].string == what }
    }

    private static func count(_ name: String, _ flood: Child) -> Int {
        told(flood, "counts").last?[name].int ?? 0
    }

    /// Takes a task through its life, beside the flood.
    private static func serve(_ kefu: Instance, _ id: String) async throws {
        try await kefu.accept(Tasks.message(id, customer: id))
        #expect(try await kefu.report(Tasks.said("好的", by: id)) == [id])
        try await kefu.status(id, is: "completed")
    }

    @Test func `who sends without end is read as fast as it is taken, and hears that the instance leaves`()
        async throws
    {
        try await Site.run([:]) { _, kefu in
            try await Self.serve(kefu, "before")
            let before = try kefu.peakMemory()
            let flood = try await Self.flood(kefu, 4, "hearing")
            try await eventually("it is well under way") { Self.count("taken", flood) > 5_000 }
            for number in 0..<10 { try await Self.serve(kefu, "T\(number)") }
            try await eventually("it goes on") { Self.count("taken", flood) > 10_000 }
            #expect(try kefu.peakMemory() - before < 128 << 20)
            kefu.child.signal(SIGTERM)
            #expect(try await kefu.child.end() == 0)
            try await eventually("all are told") { Self.told(flood, "closed").count == 4 }
            #expect(Self.told(flood, "closed").map { $0["code"].int } == [1001, 1001, 1001, 1001])
            #expect(Self.count("other", flood) == 0)
            try await flood.dispose()
        }
    }

    @Test func `who sends without end and never reads holds a few buffers, and holds up no end`() async throws {
        try await Site.run(["KEFU_SHUTDOWN_SECONDS": "1"]) { _, kefu in
            try await Self.serve(kefu, "before")
            let before = try kefu.peakMemory()
            let flood = try await Self.flood(kefu, 20, "deaf")
            try await eventually("they are read no more") {
                let counts = Self.told(flood, "counts").suffix(3).map { $0["sent"].int }
                return counts.count == 3 && (counts[0] ?? 0) > 0 && counts.allSatisfy { $0 == counts[0] }
            }
            for number in 0..<10 { try await Self.serve(kefu, "T\(number)") }
            #expect(try kefu.peakMemory() - before < 192 << 20)
            kefu.child.signal(SIGTERM)
            #expect(try await kefu.child.end() == 0)
            try await eventually("all are cut") { Self.count("ended", flood) == 20 }
            try await flood.dispose()
        }
    }
}
