import TestSupport
import Testing

@testable import kefu

struct DoctorTests {
    private static var healthy: RedisFacts {
        var facts = RedisFacts()
        facts.version = "7.0.15"
        facts.role = "master"
        facts.appendOnly = "yes"
        facts.appendSync = "everysec"
        facts.evictionPolicy = "noeviction"
        facts.memoryLimit = 0
        facts.clockAheadMs = 3
        return facts
    }

    @Test func `a Redis as it should be passes every check`() {
        #expect(Self.healthy.checks.allSatisfy { $0.state == .ok && $0.advice == nil })
    }

    @Test func `each fault of a Redis is found, weighed, and comes with advice`() {
        let faults: [(String, Check.State, (inout RedisFacts) -> Void)] = [
            ("redis version", .fail, { $0.version = "6.2.14" }),
            ("redis version", .warn, { $0.version = nil }),
            ("redis role", .fail, { $0.role = "slave" }),
            ("redis role", .warn, { $0.role = nil }),
            ("redis persistence", .warn, { $0.appendOnly = "no" }),
            ("redis persistence", .warn, { $0.appendSync = "no" }),
            ("redis persistence", .warn, { $0.appendOnly = nil }),
            ("redis memory", .warn, { $0.evictionPolicy = "allkeys-lru" }),
            (
                "redis memory", .fail,
                {
                    $0.evictionPolicy = "allkeys-lru"
                    $0.memoryLimit = 1 << 30
                }
            ),
            ("redis memory", .warn, { $0.evictionPolicy = nil }),
            ("clocks", .warn, { $0.clockAheadMs = -1001 }),
            ("clocks", .warn, { $0.clockAheadMs = nil }),
            ("redis scripts", .fail, { $0.scriptRefusal = "NOPERM no" }),
        ]
        for (name, state, change) in faults {
            var facts = Self.healthy
            change(&facts)
            let found = facts.checks.filter { $0.state != .ok }
            #expect(found.map(\.name) == [name])
            #expect(found.map(\.state) == [state])
            #expect(found.allSatisfy { $0.advice != nil })
        }
    }

    @Test func `a new major version of Redis passes`() {
        var facts = Self.healthy
        facts.version = "10.1.0"
        #expect(facts.checks.isHealthy)
    }

    @Test func `a failed check makes the whole unhealthy, a warning does not`() {
        #expect([Check.ok("a", ""), .warn("b", "", "")].isHealthy)
        #expect(![Check.ok("a", ""), .fail("b", "", "")].isHealthy)
    }

    @Test func `lines are aligned and the advice stands below`() {
        let checks: [Check] = [.ok("redis", "7.0"), .warn("gateway", "not\nset", "set it")]
        #expect(
            checks.text == """
                ok    redis    7.0
                warn  gateway  not\\u000aset
                               → set it

                """)
    }

    @Test func `for programs there is JSON`() {
        let checks: [Check] = [.ok("redis", "7.0"), .fail("x", "y", "z")]
        #expect(
            String(decoding: checks.json, as: UTF8.self)
                == #"{"healthy":false,"checks":[{"name":"redis","state":"ok","detail":"7.0","advice":null},"#
                + #"{"name":"x","state":"fail","detail":"y","advice":"z"}]}"#)
    }

    @Test func `the facts of a real Redis are read`() async throws {
        let facts = try await RedisFacts(asking: PrivateRedis.shared.admin)
        #expect(facts.checks.filter { $0.state == .fail } == [])
        #expect(facts.role == "master")
        #expect(facts.version?.contains(".") == true)
        #expect(facts.appendOnly != nil && facts.appendSync != nil && facts.evictionPolicy != nil)
        #expect(facts.memoryLimit != nil)
        // The same machine, so the same clock.
        #expect(facts.clockAheadMs.map { $0.magnitude < RedisFacts.clockToleranceMs } == true)
        #expect(facts.scriptRefusal == nil)
    }
}
