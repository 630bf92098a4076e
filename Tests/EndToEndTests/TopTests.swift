import Foundation
import TestSupport
import Testing

/// `kefu top` in a real terminal, against a peer that answers and streams as an instance does.
@Suite(.timeLimit(.minutes(3)))
struct TopTests {
    private static let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"

    private static func stats(waiting: Int) -> JSON {
        [
            "total": 9,
            "by_status": [
                "pending": 0, "waiting": .number(Double(waiting)), "running": 3, "completed": 4, "failed": 1,
                "cancelled": 1,
            ],
            "by_priority": ["urgent": 1, "high": 2, "normal": 4], "by_trigger": [:],
            "queues": [
                "armed": 5, "scheduled": 2, "ready": ["urgent": 1, "high": 0, "normal": 1], "retrying": 0, "running": 3,
                "callbacks": 0, "callbacks_dead": 6,
            ],
            "oldest_ready_ms": 4200,
            "instances": [
                [
                    "id": "host-1-abc", "host": "host-1", "version": "0.1.0",
                    "started_at": "2026-02-27T08:00:00.000+08:00",
                    "last_seen": "2026-02-27T09:00:00.000+08:00", "running": 3,
                ]
            ],
            "last_minute": ["received": 12, "failed": 1], "last_hour": ["received": 340, "completed": 320],
        ]
    }

    private static func answer(_ data: JSON) -> HTTPSink.Reply {
        .status(200, body: (["code": 200, "message": "ok", "data": data] as JSON).text)
    }

    private static let change =
        "event: stats\ndata: \(stats(waiting: 77).text)\n\nid: 1-0\nevent: task\ndata: "
        + #"{"task_id":"任务_2","status":"failed","cause":"timeout","at":"2026-02-27T09:00:03.000+08:00","#
        + #""customer_id":"c2","generation":1}"# + "\n\n"

    private static func peer(_ request: HTTPSink.Request, stream: HTTPSink.Reply) -> HTTPSink.Reply {
        switch request.path.prefix(while: { $0 != "?" }) {
        case "/api/task/stats": return answer(stats(waiting: 5))
        case "/api/task/list":
            return answer([
                "tasks": [
                    [
                        "task_id": "任务_1", "customer_id": "小明", "status": "failed", "error_code": "gateway_rejected",
                        "completed_at": "2026-02-27T08:59:00.000+08:00",
                    ]
                ], "next_cursor": nil,
            ])
        case "/api/task/history":
            return answer(["points": .array((1...60).map { ["completed": .number(Double($0)), "failed": 0] })])
        case "/api/task/stream": return stream
        default: return .status(404)
        }
    }

    private func command(_ sink: HTTPSink) throws -> String { "KEFU_URL=\(sink.url) '\(try Instance.executable)' top" }

    @Test func `it fills 80 columns and 24 rows, follows what changes, and gives the terminal back`() async throws {
        try await HTTPSink.run(respond: { Self.peer($0, stream: .opening(Self.head + Self.change)) }) { sink in
            try await TerminalSession.run(columns: 80, rows: 24, environment: [:]) { terminal in
                try await terminal.type("stty -a > ~/before; clear; \(try command(sink)); echo \"ended=$?\"")
                try await terminal.shows("waiting 77")
                try await terminal.shows("任务_2")
                let screen = try await terminal.screen
                #expect(screen.count == 24)
                #expect(screen[0].hasPrefix("Kefu 任务调度  ● 实时 live"))
                for text in [
                    "READY  urgent 1", "oldest 4.2 s", "dead 6", "received", "340", "▁", "█", "≤ 60/min", "host-1-abc",
                    "09:00:00.000", "任务_1", "小明", "gateway_rejected", "timeout", "q  退出 quit",
                ] { #expect(screen.contains { $0.contains(text) }, "\(text)\n\(screen.joined(separator: "\n"))") }
                let (newer, older) = (
                    screen.firstIndex { $0.contains("任务_2") } ?? 0, screen.firstIndex { $0.contains("任务_1") } ?? 0
                )
                #expect(newer > 0 && newer < older)
                // Columns line up behind Chinese.
                #expect(screen[newer].firstRange(of: "c2") != nil)
                try await terminal.press("q")
                try await terminal.shows("ended=0")
                #expect(try await terminal.screen.contains { $0.contains("LATEST") } == false)
                try await terminal.type("stty -a | cmp - ~/before && echo \"same=$?\"")
                try await terminal.shows("same=0")
            }
            #expect(sink.requests.contains { $0.path == "/api/task/stream?stats=true" })
        }
    }

    @Test(arguments: [(20, 6), (10, 3), (200, 60)])
    func `it fits any size, and a new one`(columns: Int, rows: Int) async throws {
        try await HTTPSink.run(respond: { Self.peer($0, stream: .opening(Self.head + Self.change)) }) { sink in
            try await TerminalSession.run(columns: 80, rows: 24, environment: [:]) { terminal in
                try await terminal.type("clear; \(try command(sink)); echo \"ended=$?\"")
                try await terminal.shows("waiting 77")
                try await terminal.resize(columns: columns, rows: rows)
                try await eventually("it is drawn anew") {
                    let screen = try await terminal.screen
                    return screen.count == rows && screen[0].hasPrefix("Kefu 任务")
                        && (rows < 4 || screen[rows - 1].hasPrefix("q  退出"))
                }
                try await terminal.press("C-c")
                try await eventually("the shell is back") {
                    try await terminal.screen.joined().contains("ended=0")
                }
            }
        }
    }

    @Test func `a lost connection shows, and an error gives the terminal back before it is told`() async throws {
        let refusal = #"{"code":401,"message":"未授权","data":null,"error":{"type":"unauthorized","detail":"taken"}}"#
        try await HTTPSink.run(respond: { Self.peer($0, stream: .bytes(Self.head)) }) { sink in
            try await TerminalSession.run(columns: 80, rows: 24, environment: [:]) { terminal in
                try await terminal.type("clear; \(try command(sink)); echo \"ended=$?\"")
                try await terminal.shows("连接中断 lost")
                try await terminal.shows("waiting 5")
                sink.respond { _ in .status(401, body: refusal) }
                try await terminal.shows("ended=1")
                try await terminal.shows("kefu: 401 未授权 (taken)")
            }
        }
    }

    @Test func `SIGTERM ends it and gives the terminal back`() async throws {
        try await HTTPSink.run(respond: { Self.peer($0, stream: .opening(Self.head)) }) { sink in
            try await TerminalSession.run(columns: 80, rows: 24, environment: [:]) { terminal in
                let line = "sh -c 'echo $$ > ~/top.pid; exec env \(try command(sink).replacing("'", with: ""))'"
                try await terminal.type("stty -a > ~/before; clear; \(line); echo \"ended=$?\"")
                try await terminal.shows("waiting 5")
                let pid = Int32(try String(contentsOfFile: "\(terminal.home)/top.pid", encoding: .utf8).dropLast())
                kill(try #require(pid), SIGTERM)
                try await terminal.shows("ended=0")
                try await terminal.type("stty -a | cmp - ~/before && echo \"same=$?\"")
                try await terminal.shows("same=0")
            }
        }
    }

    @Test func `without a terminal it prints what it sees once`() async throws {
        try await HTTPSink.run(respond: { Self.peer($0, stream: .close) }) { sink in
            let outcome = try await Child.run(
                try Instance.executable, ["top"], environment: ["KEFU_URL": sink.url])
            #expect(outcome.status == 0 && outcome.complaints == "")
            #expect(outcome.output.contains("waiting 5") && outcome.output.contains("任务_1"))
            #expect(!outcome.output.contains("\u{1B}"))
            #expect(!sink.requests.contains { $0.path.hasPrefix("/api/task/stream") })
        }
        let nobody = try await Child.run(
            try Instance.executable, ["top"], environment: ["KEFU_URL": "http://127.0.0.1:1"])
        #expect(nobody.status == 2 && nobody.output == "")
    }
}
