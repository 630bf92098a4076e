import Testing

@testable import kefu

struct TopViewTests {
    private static var state: TopState {
        var state = TopState(server: "http://127.0.0.1:5678")
        state.take(.opened)
        for number in 0..<200 {
            let data =
                #"{"task_id":"好的任务\#(number)","status":"failed","cause":"timeout","customer_id":"客户","at":"t"}"#
            state.take(.event(ServerSentEvent(type: "task", data: data, id: "")))
        }
        let instances = (0..<9).map { #"{"id":"实例-\#($0)","running":1,"last_seen":"x","version":"1"}"# }
        let stats = #"{"by_status":{"waiting":12345678},"instances":[\#(instances.joined(separator: ","))]}"#
        state.take(.event(ServerSentEvent(type: "stats", data: stats, id: "")))
        return state
    }

    @Test func `no line is wider than the terminal and there are no more than it has rows`() {
        let state = Self.state
        for (columns, rows) in [(1, 1), (2, 2), (7, 3), (19, 5), (40, 10), (80, 24), (81, 25), (200, 70)] {
            let size = Terminal.Size(columns: columns, rows: rows)
            let lines = TopView(state: state, size: size).lines
            #expect(lines.count == rows)
            #expect(lines.allSatisfy { TextWidth.of($0) <= columns }, "\(columns)×\(rows)")
            let painted = TopView(state: state, size: size, paint: Paint(isOn: true)).lines
            #expect(painted.map { $0.replacing(/\u{1B}\[[0-9;]*m/, with: "") } == lines)
        }
    }

    @Test func `instances and failures share what is left, the newest failures first`() {
        let lines = TopView(state: Self.state, size: .init(columns: 100, rows: 30)).lines
        #expect(lines.count { $0.contains("实例-") } >= 5)
        let failures = lines.filter { $0.contains("好的任务") }
        #expect(failures.count >= 5 && failures[0].contains("好的任务199 "))
    }

    @Test func `failures are bounded, and one that comes twice is one`() {
        var state = Self.state
        #expect(state.failures.count == TopState.mostFailures)
        let before = state.failures
        let data = #"{"task_id":"好的任务199","status":"failed","cause":"timeout","customer_id":"客户","at":"t"}"#
        state.take(.event(ServerSentEvent(type: "task", data: data, id: "")))
        state.take(.event(ServerSentEvent(type: "task", data: "{", id: "")))
        #expect(state.failures == before)
    }

    @Test func `what is foreign cannot control the terminal`() {
        var state = TopState(server: "http://x")
        state.take(.lost(reason: "\u{1B}[2J", pause: .seconds(1)))
        state.take(failed: [.object(["task_id": .string("a\u{1B}[31m\n"), "completed_at": .string("t")])])
        let lines = TopView(state: state, size: .init(columns: 200, rows: 40)).lines
        #expect(lines.joined().contains(#"a\u001b[31m\u000a"#))
        #expect(!lines.joined().contains("\u{1B}"))
    }

    @Test(arguments: [
        ([], 10, ""), ([0, 0], 10, "  "), ([0, 1, 8], 10, " ▁█"), ([1, 1, 1], 10, "███"), ([1, 2, 3, 4], 2, "▄█"),
        ([5, 0, 0, 10], 2, "▄█"), ([1000, 1], 9, "█▁"),
    ])
    func `a sparkline's bars are as high as their counts`(counts: [Int64], width: Int, expected: String) {
        #expect(TopView.sparkline(counts, width: width) == expected)
    }

    @Test(arguments: [(0, "0 ms"), (999, "999 ms"), (4200, "4.2 s"), (61_000, "1 min"), (7_200_000, "2 h")])
    func `a duration has one unit`(ms: Int64, text: String) {
        #expect(TopView.duration(ms) == text)
    }
}
