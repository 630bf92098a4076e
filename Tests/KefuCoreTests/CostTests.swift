import Glibc
import KefuCore
import Testing

/// Bodies made to be expensive. What a body costs may grow with its size, never with its square: that would let one
/// request hold an event loop for seconds. Counted in this thread's own processor time, which a busy machine does not
/// lengthen, and compared with half of itself.
@Suite(.serialized) struct CostTests {
    /// Twice the size may cost so many times as much: 2 where all is well, 4 for a square.
    private static let mostGrowth = 3.2

    /// Texts of about so many bytes.
    private static let hostile: [(name: String, body: @Sendable (Int) -> String)] = [
        ("marks in a value", { "{\"text\":\"" + String(repeating: "\u{301}\u{323}", count: $0 / 4) + "\"}" }),
        ("marks in a free key", { "{\"data\":{\"" + String(repeating: "\u{301}\u{323}", count: $0 / 4) + "\":1}}" }),
        ("escaped marks", { "{\"text\":\"" + String(repeating: "\\u0301\\u0323", count: $0 / 12) + "\"}" }),
        ("marks between letters", { "{\"text\":\"" + String(repeating: "e\u{301}\u{323}", count: $0 / 5) + "\"}" }),
        ("many keys", { "{" + (0..<($0 / 10)).map { "\"k\($0)\":1" }.joined(separator: ",") + "}" }),
        ("many objects", { "[" + String(repeating: "{\"a\":{}},", count: $0 / 9) + "1]" }),
        ("deep", { String(repeating: "[", count: $0) }),
        ("a long number", { "[0." + String(repeating: "1", count: $0) + "]" }),
        ("escapes", { "[\"" + String(repeating: "\\n\\u4e00", count: $0 / 8) + "\"]" }),
        ("white space", { String(repeating: " \n\t\r", count: $0 / 4) + "{}" }),
        ("many keywords", { "{\"trigger\":{\"keywords\":[" + String(repeating: "\"a\",", count: $0 / 4) + "1]}}" }),
        ("a long id", { "{\"task_id\":\"" + String(repeating: "e\u{301}", count: $0 / 3) + "\"}" }),
    ]

    @Test(arguments: hostile.indices)
    func `Twice the bytes cost about twice as much`(index: Int) {
        let (name, body) = Self.hostile[index]
        let (small, large) = (Array(body(64 * 1024).utf8), Array(body(128 * 1024).utf8))
        var growth: [Double] = []
        for _ in 0..<5 {
            growth.append(Self.cost(of: large) / Self.cost(of: small))
            if let least = growth.min(), least < Self.mostGrowth { return }
        }
        Issue.record("\(name): \(growth)")
    }

    /// Seconds of processor time, for all that may read a body.
    private static func cost(of body: [UInt8]) -> Double {
        let start = processorTime()
        _ = reading(body) { (body) throws(InputError) in try requests.task(body) }
        _ = reading(body) { (body) throws(InputError) in try requests.event(body) }
        _ = reading(body) { (body) throws(InputError) in try requests.tasks(body) }
        return processorTime() - start
    }

    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
