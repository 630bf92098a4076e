// The port through which frames are understood and made: how one customer-service platform says what a customer did,
// how it wants to be told that an event was taken, and how it is asked to act. The built-in one speaks the contract.

/// What a platform's frames and bodies mean. Pure: bytes in, values out, no I/O, no clock; any thread may call it, the
/// one that reads the socket does, so each call has to be short.
///
/// A frame is one whole WebSocket text message in valid UTF-8 of at most 256 KiB, or one posted body. Whoever calls
/// keeps the order of frames, and of events inside a frame; acknowledgements go out in that order too.
package protocol PlatformDialect: Sendable {
    /// Reads one frame. Never fails: what cannot be understood is an event that is an ``InputError``, so that the
    /// platform is told.
    func read(_ frame: UnsafeRawBufferPointer) -> IncomingFrame

    /// The frames that tell the platform what became of a frame's events: called once Redis has taken (or Kefu has
    /// refused) each of them, so that what is acknowledged cannot be lost.
    ///
    /// - Parameter outcomes: one an event, in order.
    /// - Returns: complete text frames, in the order to be sent; none when the platform wants no answer.
    func acknowledgements(of frame: EventFrame, outcomes: [EventOutcome]) -> [[UInt8]]

    /// The frame that asks the platform for one action.
    ///
    /// - Parameter id: of this attempt, an ``ActionFrameID``. The platform's answer has to carry it:
    ///   ``IncomingFrame/answer(_:)``.
    /// - Throws: when the action cannot be said in this dialect: the attempt is rejected for good.
    func actionFrame(_ request: ActionRequest, id: String) throws(InputError) -> [UInt8]

    /// What the answer to an action frame says.
    ///
    /// - Parameters:
    ///   - answer: ``ActionAnswer/frame`` as ``read(_:)`` gave it.
    ///   - kind: of the action that was asked for.
    func verdict(on answer: ActionAnswer, to kind: ActionKind) -> ActionVerdict

    /// Frames to be sent first on each new connection that Kefu opened, before anything else; they may be answered by
    /// frames that ``read(_:)`` calls ignored. `KEFU_CONNECTOR_HELLO` goes before them.
    var signIn: [[UInt8]] { get }

    /// A frame to be sent again and again on connections that Kefu opened, for platforms that do not count pings.
    var heartbeat: (frame: [UInt8], every: Duration)? { get }
}

extension PlatformDialect {
    package var signIn: [[UInt8]] { [] }
    package var heartbeat: (frame: [UInt8], every: Duration)? { nil }
}

/// What one frame is.
package enum IncomingFrame: Sendable {
    /// One event or several, applied in order.
    case events(EventFrame)
    /// The platform's answer to an action frame of ours.
    case answer(ActionAnswer)
    /// Something that is answered at once and by itself, such as a heartbeat: the frame to send.
    case reply([UInt8])
    /// Nothing to do.
    case ignored
}

/// The events of one frame, at least one.
package struct EventFrame: Sendable {
    package var events: [BatchItem<CustomerEvent>]
    /// Whatever the dialect needs to acknowledge this frame (a message number, say); nobody else looks at it.
    package var receipt: String?

    /// - Parameter events: each with its `event_id` (``BatchItem/id``) where there is a valid one, and the event or why
    ///   it is none.
    package init(events: [BatchItem<CustomerEvent>], receipt: String? = nil) {
        self.events = events
        self.receipt = receipt
    }
}

/// What became of one event.
package enum EventOutcome: Sendable, Equatable {
    /// Redis has it: it may be acknowledged, and the platform may forget it.
    case taken(MatchOutcome)
    /// Sending it again will not help: its fault, as ``EventFrame/events`` has it.
    case refused(InputError)
    /// Not taken, send it again: the contract's code (429, 503, or 500 for a defect), `error.type` and `error.detail`.
    case notTaken(code: Int, type: String, detail: String)
}

/// The platform's answer to an action frame.
package struct ActionAnswer: Sendable, Equatable {
    /// The id that the action frame had.
    package var id: String
    /// The whole frame.
    package var frame: [UInt8]

    package init(id: String, frame: [UInt8]) {
        self.id = id
        self.frame = frame
    }
}

/// What the platform made of an action.
package struct ActionVerdict: Sendable, Equatable {
    /// ``GatewayReport/Answer/accepted(resultJSON:)``, ``GatewayReport/Answer/rejected`` or
    /// ``GatewayReport/Answer/failed(retryAfter:)``.
    package var answer: GatewayReport.Answer
    /// The platform's status or error code, where it has one.
    package var status: Int?
    /// English, for people; nil when accepted.
    package var error: String?

    package init(answer: GatewayReport.Answer, status: Int? = nil, error: String? = nil) {
        self.answer = answer
        self.status = status
        self.error = error
    }
}
