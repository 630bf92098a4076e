import KefuRedis
import NIOPosix
import Testing
import TestSupport

@Suite struct ClientTests {
    @Test func `A command gets its reply`() async throws {
        let redis = try await PrivateRedis.shared
        #expect(try await redis.admin.command("PING") == .status("PONG"))
    }
}
