import NIOCore
import Testing

@testable import KefuRedis

/// The parts of the client that decide without doing.
@Suite struct ClientDecisionTests {
    private let start = NIODeadline.now()

    @Test func `Replies go to those who asked, oldest first, and nobody is left for one too many`() {
        var pending = queue()
        for waiter in 1...3 { pending.append(waiter, bytes: 1, now: start) }
        #expect((0..<3).map { _ in pending.takeFirst()?.waiter } == [1, 2, 3])
        #expect(pending.takeFirst() == nil)
    }

    @Test func `The oldest command's deadline is the connection's`() {
        var pending = queue()
        pending.append(1, bytes: 1, now: start)
        pending.append(2, bytes: 1, now: start + .milliseconds(500))
        #expect(pending.watch(now: start) == .sleep(until: start + .seconds(2)))
        #expect(pending.watch(now: start + .seconds(2)) == .overdue)
        _ = pending.takeFirst()
        #expect(pending.watch(now: start + .seconds(2)) == .sleep(until: start + .milliseconds(2500)))
    }

    @Test func `A command behind one that may take longer is not overdue before it`() {
        var pending = queue()
        pending.append(1, bytes: 1, now: start, extraTime: .seconds(10))
        pending.append(2, bytes: 1, now: start)
        _ = pending.takeFirst()
        #expect(pending.watch(now: start + .seconds(11)) == .sleep(until: start + .seconds(12)))
    }

    @Test func `A connection is asked for a sign of life only when nothing is under way and nothing was heard`() {
        var pending = queue()
        #expect(pending.watch(now: start + .seconds(4)) == .sleep(until: start + .seconds(5)))
        #expect(pending.watch(now: start + .seconds(5)) == .idle)
        pending.heard(now: start + .seconds(3))
        #expect(pending.watch(now: start + .seconds(5)) == .sleep(until: start + .seconds(8)))
        pending.append(1, bytes: 1, now: start + .seconds(7))
        #expect(pending.watch(now: start + .seconds(8)) == .sleep(until: start + .seconds(9)))
    }

    @Test func `Who was not sent yet is told apart from who was when all are lost`() {
        var pending = queue()
        pending.append(1, bytes: 1, now: start)
        pending.append(2, bytes: 1, now: start)
        pending.markSent()
        pending.append(3, bytes: 1, now: start)
        _ = pending.takeFirst()
        let lost = pending.removeAll()
        #expect(lost.map(\.waiter) == [2, 3])
        #expect(lost.map(\.wasSent) == [true, false])
        #expect(pending.isEmpty)
    }

    @Test func `There is room for so many commands and bytes, and again when replies have come`() {
        var limits = RedisClientLimits()
        limits.pendingCommands = 3
        limits.pendingBytes = 100
        var pending = PendingReplies<Int>(limits: limits, now: start)
        #expect(pending.hasRoom(for: 3))
        #expect(!pending.hasRoom(for: 4))
        pending.append(1, bytes: 50, now: start)
        #expect(pending.hasRoom(for: 2))
        #expect(!pending.hasRoom(for: 3))
        pending.append(2, bytes: 50, now: start)
        #expect(!pending.hasRoom(for: 1))
        _ = pending.takeFirst()
        #expect(pending.hasRoom(for: 2))
    }

    @Test func `What can wait is refused while many wait and the oldest has waited long`() {
        var limits = RedisClientLimits()
        limits.crowd = 3
        limits.crowdedCommands = 5
        var pending = PendingReplies<Int>(limits: limits, now: start)
        let late = start + limits.crowdedAge + .milliseconds(1)
        for waiter in 1...2 { pending.append(waiter, bytes: 1, now: start) }
        // Two in a stall are no crowd.
        #expect(!pending.isCrowded(with: 1, now: late))
        pending.append(3, bytes: 1, now: start)
        #expect(!pending.isCrowded(with: 1, now: start + limits.crowdedAge))
        #expect(pending.isCrowded(with: 1, now: late))
        #expect(pending.hasRoom(for: 1))
        _ = pending.takeFirst()
        #expect(!pending.isCrowded(with: 3, now: late))
        #expect(pending.isCrowded(with: 4, now: start))
        #expect(pending.hasRoom(for: 4))
    }

    @Test func `A slow Redis is waited for while it answers, and given up when it does not`() {
        var pending = queue()
        var limits = RedisClientLimits()
        limits.replyDeadline = .seconds(2)
        for waiter in 1...2 { pending.append(waiter, bytes: 1, now: start) }
        pending.heard(now: start + .seconds(1))
        #expect(pending.watch(now: start + .seconds(2)) == .sleep(until: start + .seconds(3)))
        #expect(pending.watch(now: start + .seconds(3)) == .overdue)
        // A drip does not keep it alive for ever.
        let last = start + limits.replyDeadline + limits.replyPatience
        pending.heard(now: last - .milliseconds(1))
        #expect(pending.watch(now: last - .milliseconds(1)) == .sleep(until: last))
        #expect(pending.watch(now: last) == .overdue)
    }

    @Test func `What ends work is urgent, what begins it is not`() {
        let scripts = ScriptLibrary.production
        let waits = [
            scripts.receive, scripts.match, scripts.retry, scripts.fire, scripts.update, scripts.status, scripts.list,
            scripts.stats, scripts.history, scripts.callbacks, scripts.replayCallbacks, scripts.fence, scripts.inspect,
            scripts.rearm, scripts.recount,
        ]
        #expect(scripts.all.filter { !$0.isUrgent }.map(\.name).sorted() == waits.map(\.name).sorted())
    }

    @Test func `Signing in says who, where, what for and asks for a sign of life at the end`() {
        let script = RedisScript(name: "one", text: "return 1")
        let endpoint = RedisEndpoint(address: .unixSocket(path: "/s"), user: "u", password: "p", database: 3)
        #expect(
            RedisLogin(endpoint, scripts: [script], name: "kefu").commands.map(\.command) == [
                .plain(["AUTH", "u", "p"]), .plain(["SELECT", 3]), .plain(["CLIENT", "SETNAME", "kefu"]),
                .plain(["SCRIPT", "LOAD", "return 1"]), .plain(["PING"]),
            ])
        let plain = RedisEndpoint(address: .unixSocket(path: "/s"), password: "p")
        #expect(RedisLogin(plain, scripts: [], name: "kefu").commands.first?.command == .plain(["AUTH", "p"]))
    }

    @Test func `Signing in fails where nothing would work, and complains where it does without`() {
        var login = RedisLogin(RedisEndpoint(address: .unixSocket(path: "/s")), scripts: [], name: "kefu")
        let refusal = RESPValue.error(RESPError("NOPERM canary"))
        #expect(login.take(refusal, for: .authenticate) == .fail("signing in was refused (NOPERM)"))
        #expect(login.take(refusal, for: .selectDatabase) == .fail("SELECT was refused: NOPERM canary"))
        #expect(login.take(.error(RESPError("LOADING wait")), for: .ping) == .fail("LOADING wait"))
        #expect(login.take(refusal, for: .setName) == .goOn)
        #expect(login.take(refusal, for: .loadScript(name: "one")) == .goOn)
        #expect(login.take(.status("PONG"), for: .ping) == .done)
        #expect(login.complaints == ["CLIENT SETNAME: NOPERM canary", "SCRIPT LOAD one: NOPERM canary"])
    }

    @Test(arguments: [
        (RESPValue.array([.string("master"), .integer(7), .array([])]), true, "go on"),
        (.array([.string("slave"), .string("10.0.0.1"), .integer(6379)]), true, "is a replica of 10.0.0.1:6379"),
        (.array([.string("slave"), .string("10.0.0.1"), .integer(6379)]), false, "is a replica of 10.0.0.1:6379"),
        (.array([.string("sentinel"), .array([])]), false, "this server is a sentinel"),
        (.error(RESPError("NOPERM no")), false, "go on"), (.error(RESPError("NOPERM no")), true, "ROLE was refused"),
        (.error(RESPError("NOAUTH no")), true, "go on"), (.status("what?"), true, "nonsense"),
        (.status("what?"), false, "go on"),
    ])
    func `Only a primary will do, where that can be told`(reply: RESPValue, mustTell: Bool, outcome: String) {
        var login = RedisLogin(RedisEndpoint(address: .unixSocket(path: "/s")), scripts: [], name: "kefu")
        let verdict = login.take(reply, for: .role(mustTell: mustTell))
        if case .fail(let reason) = verdict { #expect(reason.contains(outcome)) } else { #expect(outcome == "go on") }
    }

    @Test func `A sentinel is asked for the primary and nothing else, and its answer is not believed blindly`() {
        let sentinel = RedisEndpoint(address: .tcp(host: "s", port: 1), user: "u", password: "p")
        var login = RedisLogin(asking: sentinel, forPrimary: "main")
        #expect(
            login.commands.map(\.command) == [
                .plain(["AUTH", "u", "p"]), .plain(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"]),
            ])
        let step = RedisLogin.Step.locatePrimary(name: "main")
        #expect(login.take(.null, for: step) == .fail("the sentinels know no primary named 'main'"))
        #expect(login.take(.error(RESPError("NOAUTH no")), for: step) == .fail("NOAUTH no"))
        for port in ["0", "65536", "x", ""] {
            let answer = RESPValue.array([.string("10.0.0.1"), .string(port)])
            #expect(login.take(answer, for: step) == .fail("no address in a sentinel's answer"))
        }
        #expect(login.primary == nil)
        #expect(login.take(.array([.string("::1"), .string("6380")]), for: step) == .done)
        #expect(login.primary == .tcp(host: "::1", port: 6380))
    }

    @Test(arguments: [
        ("cannot connect to h:1: Connection refused (errno: 111)", RedisTrouble.unreachable),
        ("no reply within 1800 ms", .silent), ("LOADING Redis is loading the dataset in memory", .loading),
        ("BUSY Redis is busy running a script", .busy), ("this server is a replica of h:1", .replica),
        ("READONLY You can't write against a read only replica.", .replica), ("the connection was lost", .unreachable),
        ("MISCONF Redis is configured to save RDB snapshots", .diskFailing), ("OOM command not allowed", .full),
        ("signing in was refused (WRONGPASS)", .refused), ("NOAUTH Authentication required.", .refused),
        ("the sentinels know no primary named 'x'", .unknownPrimary),
        ("no sentinel tells the primary: h:1: NOAUTH Authentication required.", .noSentinel),
        ("this server is a sentinel: REDIS_URL must", .wrongServer), ("SELECT was refused: ERR DB index", .database),
        ("handshakeFailed(NIOSSL.BoringSSLError.sslError([Error: 268435581 CERTIFICATE_VERIFY_FAILED]))", .certificate),
    ])
    func `A failure's reason tells its kind, with a sentence in both languages and what to do`(
        reason: String, trouble: RedisTrouble
    ) {
        #expect(RedisTrouble(reason) == trouble)
        #expect(!trouble.explanation.message.isEmpty && !trouble.explanation.detail.isEmpty)
        #expect(!RedisClientError.unavailable(reason).advice.isEmpty)
    }

    @Test func `Pauses double up to the longest, spread over their upper half, and start again after success`() {
        var backoff = Backoff(first: .milliseconds(50), longest: .milliseconds(500))
        var random = SystemRandomNumberGenerator()
        for ceiling: Int64 in [50, 100, 200, 400, 500, 500, 500] {
            let pause = backoff.next(using: &random)
            #expect((ceiling * 500_000...ceiling * 1_000_000).contains(pause.nanoseconds))
        }
        backoff.reset()
        #expect(backoff.next(using: &random) <= .milliseconds(50))
    }

    private func queue() -> PendingReplies<Int> {
        var limits = RedisClientLimits()
        limits.replyDeadline = .seconds(2)
        return PendingReplies(limits: limits, now: start)
    }
}
