import KefuCore
import NIOCore

// Events, a batch at a time: to the store, and their outcomes back to the peer.
extension SocketSession {
    /// Whether there is something for the store. A peer that takes no answers is asked for no more; one that has gone
    /// wants none.
    private var hasBatch: Bool {
        !isTaking && !pending.isEmpty && (phase == .closed || context?.channel.isWritable == true)
    }

    func startBatch() {
        guard hasBatch, !isWaiting else { return }
        if turns?.ask(for: self) == false { isWaiting = true } else { takeBatch() }
    }

    /// It may be that there is nothing left to be done with it.
    func turnCame() {
        isWaiting = false
        if hasBatch { takeBatch() } else { turns?.pass() }
        resumeReading()
    }

    private func takeBatch() {
        guard let eventLoop else { return }
        isTaking = true
        var frames: [EventFrame] = []
        var events: [CustomerEvent] = []
        while frames.isEmpty || events.count < limits.batch, let (frame, bytes) = pending.popFirst() {
            pendingEvents -= frame.events.count
            pendingBytes -= bytes
            memory.taking += bytes
            frames.append(frame)
            // What could not be read is answered as it is.
            for event in frame.events { if case .success(let event) = event.result { events.append(event) } }
        }
        guard !events.isEmpty else { return taken(frames, []) }
        let session = NIOLoopBound(self, eventLoop: eventLoop)
        Task.immediate(executorPreference: executor) { [intake, frames, events, presence] in
            let outcomes = await intake.take(events, from: presence)
            session.value.taken(frames, outcomes)
        }
    }

    private func taken(_ frames: [EventFrame], _ outcomes: [EventOutcome]?) {
        isTaking = false
        turns?.pass()
        memory.taking = 0
        guard let outcomes else { return drop() }
        acknowledge(frames, outcomes)
        if pending.isEmpty, case .finishing(let close) = phase { sendClose(close) }
        startBatch()
        settleMemory()
        resumeReading()
        finishIfIdle()
    }

    private func acknowledge(_ frames: [EventFrame], _ outcomes: [EventOutcome]) {
        var rest = outcomes.makeIterator()
        var texts: [[UInt8]] = []
        texts.reserveCapacity(frames.count)
        for frame in frames {
            let own = frame.events.map { event -> EventOutcome in
                switch event.result {
                case .failure(let fault): .refused(fault)
                case .success: rest.next() ?? .notTaken(code: 500, type: "internal", detail: "no outcome")
                }
            }
            texts += dialect.acknowledgements(of: frame, outcomes: own)
        }
        write(texts)
        if !isReading { flush() }
    }
}
