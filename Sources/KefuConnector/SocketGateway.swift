import KefuCore
import KefuSocket
import Synchronization

/// Sends actions over the connection that the connector holds: `KEFU_GATEWAY_URL=connector:`. One frame an attempt,
/// answered by a frame with its id.
///
/// Only the instance that holds the connection claims tasks (it is told when it may), so an attempt never has to find
/// its way to another one: when that instance dies its tasks are found by their leases, like any dead instance's, and
/// are repeated by the next holder under the same key. With no connection at all, tasks wait, and use up no retries.
package final class SocketGateway: MessageGateway {
    private let dialect: any PlatformDialect
    private let timeout: Duration
    private let socket = Mutex<(open: OpenSocket, holding: ConnectorHolding)?>(nil)
    private let count = Atomic<UInt64>(0)

    /// - Parameter timeout: from handing the frame over to the answer, while the connection is read.
    package init(dialect: any PlatformDialect, timeout: Duration) {
        self.dialect = dialect
        self.timeout = timeout
    }

    /// The connection that takes actions from now on; nil: none does.
    func use(_ open: OpenSocket?, _ holding: ConnectorHolding) { socket.withLock { $0 = open.map { ($0, holding) } } }

    package func send(_ request: ActionRequest) async -> GatewayReport {
        let start = ContinuousClock.now
        guard let (socket, holding) = socket.withLock({ $0 }) else {
            return GatewayReport(answer: .notSent, error: "the platform cannot be asked now", duration: .zero)
        }
        let id = ActionFrameID.make(token: holding.token, number: count.add(1, ordering: .relaxed).newValue)
        let frame: [UInt8]
        do throws(InputError) {
            frame = try dialect.actionFrame(request, id: id)
        } catch {
            let cause = "the action cannot be sent: \(error.field.map { "\($0) " } ?? "")\(error.detail)"
            return GatewayReport(answer: .rejected, error: cause, duration: ContinuousClock.now - start)
        }
        let outcome = await ask(socket, frame, id: id, maySend: { holding.isHeld && request.maySend() })
        return report(outcome, to: request.action.kind, after: ContinuousClock.now - start)
    }

    private func ask(
        _ socket: OpenSocket, _ frame: [UInt8], id: String, maySend: @escaping @Sendable () -> Bool
    ) async -> AskOutcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                socket.ask(frame, id: id, within: timeout, maySend: maySend) { caller.resume(returning: $0) }
            }
        } onCancel: {
            socket.forget(id)
        }
    }

    private func report(_ outcome: AskOutcome, to kind: ActionKind, after duration: Duration) -> GatewayReport {
        switch outcome {
        case .answered(let answer):
            let verdict = dialect.verdict(on: answer, to: kind)
            return GatewayReport(
                answer: verdict.answer, httpStatus: verdict.status, error: verdict.error, duration: duration)
        case .timedOut:
            return GatewayReport(
                answer: .unreachable, error: "platform did not answer within \(timeout)", duration: duration)
        case .lost:
            return GatewayReport(
                answer: .unreachable, error: "the connection ended before an answer", duration: duration)
        case .notSent: return GatewayReport(answer: .notSent, error: "not sent", duration: duration)
        }
    }
}
