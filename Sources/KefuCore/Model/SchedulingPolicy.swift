/// The settings that the store's scripts need with each call.
package struct SchedulingPolicy: Sendable {
    /// How long a claim holds without renewal; 1 s – 1 h.
    package var lease: Duration
    /// The longest time one gateway request may take: how long a lost holder could still be sending.
    package var gatewayTimeout: Duration
    /// How long finished tasks and dead callbacks are kept.
    package var retention: Duration
    /// The states that are called back; empty without a callback URL.
    package var calledBack: Set<TaskStatus>
    /// How long a customer's latest events are kept for tasks that look back; zero keeps none.
    package var eventLog: Duration

    package init(
        lease: Duration = .seconds(15), gatewayTimeout: Duration = .seconds(10),
        retention: Duration = .seconds(168 * 3600), calledBack: Set<TaskStatus> = [], eventLog: Duration = .zero
    ) {
        self.lease = lease
        self.gatewayTimeout = gatewayTimeout
        self.retention = retention
        self.calledBack = calledBack
        self.eventLog = eventLog
    }
}
