import KefuCore
import NIOCore

// One listener, from its first line to its last.
extension ChangeBroadcast {
    /// Writes the stream to a connection until either ends it, and gives the listener's place back.
    ///
    /// - Parameters:
    ///   - asked: the id that the client has seen last, as it was sent.
    ///   - newest: of the changes, a moment ago.
    func serve(_ listener: StreamListener, after asked: String?, newest: ChangeID, to writer: LiveWriter) async {
        defer { leave(listener) }
        let known = asked.flatMap { ChangeID($0) }.flatMap { $0 == .zero ? nil : $0 }
        let start = known ?? newest
        guard await writer.write(StreamEvent.opening(at: known == nil ? start : nil)) else { return }
        if asked != nil, known == nil {
            let shown = asked.map { String(decoding: $0.utf8.prefix(StreamLimits.shownID), as: UTF8.self) }
            let gap = StreamEvent.gap(.unknown, asked: shown, newest: newest)
            guard await writer.write(gap) else { return }
        }
        guard await catchUp(listener, from: start, mustLook: known != nil, to: writer) else { return }
        while true {
            switch await listener.next() {
            case .part(let part): guard await writer.write(part) else { return }
            case .end(.gone): return
            // The answer ends behind these in any case.
            case .end(.dropped):
                _ = await writer.write(StreamEvent.dropped())
                return
            case .end(.closing):
                _ = await writer.write(StreamEvent.closing())
                return
            }
        }
    }

    /// Writes what the listener has missed, as fast as it is read, until it has joined the others.
    ///
    /// - Returns: false when nobody reads any more.
    private func catchUp(
        _ listener: StreamListener, from start: ChangeID, mustLook: Bool, to writer: LiveWriter
    ) async -> Bool {
        var told = start
        var mayJoin = !mustLook
        while !listener.hasEnded {
            if mayJoin, join(listener, told: told) { return true }
            let page: ChangePage
            do throws(StoreError) {
                page = try await feed.changes(after: told, limit: limits.page)
            } catch {
                // Redis was there a moment ago: it is waited for as by those who have joined.
                await pause(limits.retryPause)
                continue
            }
            if let gap = StreamGap.between(told, page) {
                let newest = page.newest ?? .zero
                guard await writer.write(StreamEvent.gap(gap, asked: "\(told)", newest: newest)) else { return false }
                told = newest
            } else {
                for part in StreamEvent.changes(page.changes, part: limits.part, times) {
                    guard await writer.write(part) else { return false }
                }
                told = page.changes.last?.id ?? told
            }
            mayJoin = page.changes.count < limits.page
        }
        return true
    }
}
