import KefuCore

// Every change as it comes, as Server-Sent Events.
extension APIRoutes {
    func stream(_ request: Request) async throws(APIError) -> Answer {
        let parameters = try QueryParameters(request.query, known: ["stats", "last_event_id"])
        let wantsStats = try parameters.flag("stats")
        let inQuery = try parameters.text("last_event_id", bytes: ServerLimits.queryText)
        // Where both are given, a client has come again by itself: the header is newer.
        let asked = request.lastEventID.flatMap { $0.isEmpty ? nil : $0 } ?? inQuery
        guard !drain.isDraining else { throw .draining }
        let newest = try await calling { () async throws(StoreError) in try await broadcast.feed.newest() }
        guard let listener = broadcast.enter(wantsStats: wantsStats) else { throw .tooManyListeners }
        var answer = Answer(
            status: 200, body: [], contentType: "text/event-stream",
            // Proxies such as nginx would else gather the events.
            fields: "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n")
        answer.live = LiveBody { [broadcast] writer in
            await broadcast.serve(listener, after: asked, newest: newest, to: writer)
        } end: { end in
            listener.end(end == .closing ? .closing : .gone)
        }
        return answer
    }
}
