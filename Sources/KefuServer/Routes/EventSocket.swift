import KefuCore
import KefuSocket

/// What a route that takes WebSocket connections gives each of them.
package struct SocketRoute: Sendable {
    let dialect: any PlatformDialect
    let intake: TaskIntake

    package init(dialect: any PlatformDialect, intake: TaskIntake) {
        self.dialect = dialect
        self.intake = intake
    }
}

/// Applies the events of one connection of a platform, which hears at once what cannot be taken: it keeps them. A
/// batch counts as one request.
struct SocketAdmission: SocketIntake {
    private let intake: TaskIntake
    private let admission: Admission

    init(_ intake: TaskIntake, _ admission: Admission) {
        self.intake = intake
        self.admission = admission
    }

    func take(_ events: [CustomerEvent], from peer: SocketPresence) async -> [EventOutcome]? {
        guard admission.enter(.event) else { return events.map { _ in .notTaken(.overloaded()) } }
        defer { admission.leave() }
        return await intake.match(events).map { result in
            switch result {
            case .success(let outcome): .taken(outcome)
            case .failure(let error): .notTaken(APIError(error))
            }
        }
    }
}

extension EventOutcome {
    fileprivate static func notTaken(_ error: APIError) -> EventOutcome {
        .notTaken(code: error.status, type: error.kind.rawValue, detail: error.detail)
    }
}

extension APIRoutes {
    /// What a request hears that does not ask for a WebSocket as it should.
    func eventSocket(_ request: Request) async throws(APIError) -> Answer {
        throw request.upgradeFault ?? .noUpgrade("send 'Connection: Upgrade' and 'Upgrade: websocket'")
    }
}
