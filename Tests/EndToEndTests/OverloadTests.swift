import Foundation
import Glibc
import TestSupport
import Testing

/// More than an instance can take: what it accepts it finishes, the rest is told when to come back.
@Suite(.timeLimit(.minutes(2)))
struct OverloadTests {
    private static let most = 40
    /// New tasks may fill nine tenths of it.
    private static let accepted = 36

    @Test func `at four times its capacity an instance finishes what it accepts and refuses the rest`()
        async throws
    {
        try await Site.run(["KEFU_MAX_REQUESTS": "\(Self.most)"]) { site, kefu in
            try await kefu.accept(Tasks.message("first"))
            let before = try kefu.peakMemory()
            await site.redis.pause()
            try await withThrowingTaskGroup(of: (String, Answer).self) { group in
                for number in 0..<(4 * Self.most) {
                    let id = "T\(number)"
                    group.addTask { (id, try await kefu.post("/api/task/receive", Tasks.message(id, customer: id))) }
                }
                var answers: [(id: String, answer: Answer)] = []
                while answers.count < 4 * Self.most - Self.accepted, let next = try await group.next() {
                    answers.append(next)
                }
                // Redis stands still, and yet this many are answered: they were refused, and told when to come back.
                let refused = answers.filter { $0.answer.status == 429 }
                #expect(refused.allSatisfy { $0.answer.errorType == "overloaded" })
                #expect(refused.allSatisfy { (1...3).contains(Int($0.answer["retry-after"] ?? "") ?? 0) })
                // Whether this instance lives is told at every moment, and nothing waits behind the crowd.
                #expect(try await kefu.get("/api/health/live").status == 200)
                await site.redis.resume()
                for try await next in group { answers.append(next) }
                try await Self.check(answers.map { ($0.id, $0.answer) }, kefu)
            }
            #expect(try kefu.peakMemory() - before < 64 << 20)
        }
    }

    /// Accepted is stored, refused is not; where the answer was lost with the connection to Redis, either may be.
    private static func check(_ answers: [(id: String, answer: Answer)], _ kefu: Instance) async throws {
        let statuses = Dictionary(grouping: answers) { $0.answer.status }.mapValues(\.count)
        #expect(Set(statuses.keys).isSubset(of: [200, 429, 503]), "\(statuses)")
        #expect((statuses[429] ?? 0) >= 4 * most - accepted, "\(statuses)")
        for (id, answer) in answers where answer.status != 503 {
            #expect((try await kefu.status(id) == .null) == (answer.status == 429), "\(id) \(answer.status)")
        }
        for (id, answer) in answers where answer.status != 200 {
            #expect(answer["retry-after"] != nil)
            try await kefu.accept(Tasks.message(id, customer: id))
        }
    }

    @Test func `cancels and results go through while callers are refused`() async throws {
        try await Site.run { site in
            let gate = HTTPSink.Gate()
            site.gateway.respond { _ in .held(by: gate, .status(200)) }
            let kefu = try await site.start(["KEFU_MAX_REQUESTS": "2"])
            try await kefu.accept(Tasks.message("T1"))
            try await kefu.accept(Tasks.message("T2", customer: "c2"))
            #expect(try await kefu.report(Tasks.said("好的")) == ["T1"])
            _ = try await site.gateway.requests(atLeast: 1)
            await site.redis.pause()
            try await withThrowingTaskGroup { group in
                // As many as may be are in flight; the cancels come on top of them.
                for _ in 0..<8 { group.addTask { try await kefu.get("/api/task/list").status } }
                for _ in 0..<8 { group.addTask { try await kefu.cancel("T2").status } }
                var statuses: [Int] = []
                while statuses.count < 7, let status = try await group.next() { statuses.append(status) }
                #expect(statuses.allSatisfy { $0 == 429 })
                gate.open()
                await site.redis.resume()
                for try await status in group { #expect([200, 503].contains(status)) }
            }
            #expect(try await kefu.cancel("T2").status == 200)
            try await kefu.status("T1", is: "completed")
        }
    }

    @Test func `hundreds who never end their requests or never read keep nobody else out`() async throws {
        try await Site.run([:]) { _, kefu in
            let tasks = JSON.array(
                (0..<200).map { number in
                    Tasks.message("T\(number)", ["action": ["type": "send_message", "message": .string(Self.long)]])
                })
            #expect(try await kefu.post("/api/task/receive/batch", tasks).status == 200)
            let page = Wire.request("GET", "/api/task/list?limit=500")
            let halves = [
                Array("GET /api/health HTTP/1.1\r\nHo".utf8), Array(page.dropLast(2)), [],
                Wire.request("POST", "/api/event", headers: ["Content-Length: 200000"]) + Array("{".utf8),
                page, page + page,
            ]
            let hostile = try Sockets(port: kefu.port)
            for number in 0..<600 { try hostile.open(sending: halves[number % halves.count]) }
            for number in 0..<50 {
                try await kefu.accept(Tasks.message("ok\(number)", customer: "ok\(number)"))
                #expect(try await kefu.report(Tasks.said("好的", by: "ok\(number)")) == ["ok\(number)"])
            }
            try await kefu.status("ok49", is: "completed")
            #expect(try kefu.peakMemory() < 700 << 20)
            hostile.close()
            try await eventually("pages are answered again") {
                try await kefu.get("/api/task/list?limit=1").status == 200
            }
        }
    }

    private static let long = String(repeating: "好", count: 4000)

    @Test func `more connections than allowed wait for their turn, and none is lost`() async throws {
        try await Site.run(["KEFU_MAX_CONNECTIONS": "20"]) { _, kefu in
            try await withThrowingTaskGroup { group in
                for number in 0..<300 {
                    group.addTask {
                        try await kefu.post("/api/task/receive", Tasks.message("T\(number)", customer: "c\(number)"))
                    }
                }
                for try await answer in group { #expect(answer.status == 200) }
            }
            #expect(try await kefu.get("/api/task/stats").data["total"] == 300)
        }
    }
}

extension Instance {
    /// The most memory that the process has held so far, in bytes.
    func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(child.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0) * 1024
    }
}

/// Connections that send something once and never read: plain sockets, so that hundreds of them cost nothing.
private final class Sockets {
    private let port: Int
    private var open: [Int32] = []

    init(port: Int) throws { self.port = port }

    deinit { close() }

    func open(sending bytes: [UInt8]) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw NotMet(description: "no socket: \(errno)") }
        open.append(socket)
        var small: Int32 = 4096
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw NotMet(description: "no connection: \(errno)") }
        // A few hundred bytes fit every socket's buffer.
        guard write(socket, bytes, bytes.count) == bytes.count else { throw NotMet(description: "not sent: \(errno)") }
    }

    func close() {
        for socket in open { Glibc.close(socket) }
        open = []
    }
}
