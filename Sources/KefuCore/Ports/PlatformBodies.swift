/// A dialect that a platform's posted bodies are read and answered by: `POST /api/event/platform`.
package protocol PlatformBodyDialect: PlatformDialect {
    /// What the platform wants to be answered once Redis has taken (or Kefu has refused) each of the frame's events.
    ///
    /// - Parameter outcomes: one an event, in order; none of them ``EventOutcome/notTaken(code:type:detail:)``.
    /// - Returns: nil when nothing special is asked for: then it is answered as the contract answers.
    func bodyAnswer(to frame: EventFrame, outcomes: [EventOutcome]) -> PlatformBodyAnswer?
}

package struct PlatformBodyAnswer: Sendable, Equatable {
    package var status: Int
    package var body: [UInt8]
    /// Else plain text.
    package var isJSON: Bool

    package init(status: Int, body: [UInt8], isJSON: Bool) {
        self.status = status
        self.body = body
        self.isJSON = isJSON
    }
}
