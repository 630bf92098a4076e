import KefuCore
import NIOCore
import NIOPosix

/// Holds a route until the test opens it, and tells when somebody waits.
struct Gate: Sendable {
    private let arrived = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
    private let opened = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)

    /// In the route: waits until the gate is open. Its promises cannot fail.
    func pass() async {
        arrived.succeed()
        _ = try? await opened.futureResult.get()
    }

    /// In the test: waits until the route stands before the gate.
    func isReached() async throws { try await arrived.futureResult.get() }

    func open() {
        arrived.succeed()
        opened.succeed()
    }
}

extension FakeStore.Answers {
    /// Events match nothing, and wait for the gate before.
    mutating func holdMatch(at gate: Gate) {
        match = { _ in
            await gate.pass()
            return MatchOutcome(matched: [], duplicate: false)
        }
    }

    /// Tasks are accepted behind the gate.
    mutating func holdReceive(at gate: Gate) {
        receive = { _ in
            await gate.pass()
            return .accepted(generation: 1)
        }
    }
}
