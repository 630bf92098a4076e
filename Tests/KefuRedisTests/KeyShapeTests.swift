import Foundation
import Testing

@testable import KefuRedis

@Suite struct KeyShapeTests {
    @Test func `Every key of the table of lua has a shape, of the type that the table says`() throws {
        let table = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../lua/README.md").standardized
        let text = try String(contentsOf: table, encoding: .utf8)
        let rows = text.split(separator: "\n").prefix { !$0.hasPrefix("### ") }.filter { $0.hasPrefix("| `") }
        #expect(rows.count > 15)
        for row in rows {
            let cells = row.split(separator: "|")
            let type = cells[1].split(separator: ",")[0].trimmingCharacters(in: .whitespaces)
            let names = cells[0].matches(of: #/`([^`]+)`/#).map { String($0.1) }
            for name in names {
                let whole = name.hasPrefix("…") ? "armed:<customer>" + name.dropFirst() : name
                let key = whole.replacing(#/<\w+>/#, with: "1")
                let shape = try #require(KeyShape(key), "\(key)")
                #expect(shape.expectation.hasPrefix(type + " "), "\(key) is \(shape.expectation), not \(type)")
            }
        }
    }

    @Test(arguments: [
        "task:", "task:a:b", "task:a%b", "task:a%3a", "task:a%0Ab", "customer:", "event:c1", "event:c1:a:b", "armed:c1",
        "armed:c1:sms", "armed:c1:custom", "armed:c1:custom:", "armed:c1:custom:a:b", "minute:x", "ready:x", "", ":",
        "counts:", "callbacks:alive", "Ready",
    ])
    func `A name that no script builds has none`(name: String) {
        #expect(KeyShape(name) == nil)
    }

    @Test func `The entry of a custom event of any name has a shape`() {
        for name in ["signed", "a:b", "x\ny", "x\r\ny", "a:\u{301}", "100%"] {
            let keys = Keys(shard: "s")
            let key = String(keys.armed(customer: "c:1", entry: Keys.custom(name)).dropFirst(keys.prefix.count))
            #expect(KeyShape(key) == .armed(key), "\(name)")
        }
    }

    @Test func `Ids come out of keys as they went in`() {
        for id in [
            "a", "a:b", "100%", "%3A", "%253A", "客户 1", "a%\u{301}", "b:\u{301}", "\u{301}z", "order:\u{1F3FB}",
            "100%\u{FF9E}",
        ] {
            let keys = Keys(shard: "s")
            #expect(KeyShape(String(keys.task(id).dropFirst(keys.prefix.count))) == .task(id))
            #expect(KeyShape(String(keys.attempts(id).dropFirst(keys.prefix.count))) == .attempts(id))
            #expect(KeyShape(String(keys.deliveries(id).dropFirst(keys.prefix.count))) == .deliveries(id))
        }
    }
}
