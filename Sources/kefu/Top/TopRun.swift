import Dispatch
import Glibc
import UnixSignals

/// Keeps the screen of `kefu top` up to date until q is pressed or a signal says so.
struct TopRun: Sendable {
    private enum Input: Sendable {
        case news(ChangeStream.News)
        case minutes([JSONNode])
        case key(UInt8)
        case stop
        case resized
        case tick
    }

    /// Inputs that wait to be looked at; when more come, the oldest go: what is shown is the latest anyway.
    private static let mostInputs = 4096
    private static let frame = Duration.milliseconds(200)
    private static let historyAge = Duration.seconds(30)

    let api: APIClient
    let paint: Paint
    let clock: @Sendable () -> String

    /// What can be known before the stream begins.
    ///
    /// - Throws: ``Unreachable``, ``Refused``.
    func firstState() async throws -> TopState {
        var state = TopState(server: api.base)
        state.stats = try await data("/api/task/stats")
        state.take(failed: try await data("/api/task/list", [("status", "failed"), ("limit", "50")])["tasks"].elements)
        state.minutes = try await minutes()
        return state
    }

    /// Empty when the instance has no history.
    private func minutes() async throws -> [JSONNode] {
        let answer = try await api.get("/api/task/history", [(name: "span", value: "hour")])
        return answer.exit == nil ? answer.data["points"].elements : []
    }

    private func data(_ path: String, _ query: [(name: String, value: String?)] = []) async throws -> JSONNode {
        let answer = try await api.get(path, query)
        guard answer.exit == nil else { throw Refused(answer: answer) }
        return answer.data
    }

    func run(_ first: TopState) async throws {
        let (inputs, feed) = AsyncStream.makeStream(of: Input.self, bufferingPolicy: .bufferingNewest(Self.mostInputs))
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup, .sigwinch)
        let screen = Screen()
        defer { screen.close() }
        let keys = Self.keys(to: feed)
        defer { keys?.cancel() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals { feed.yield(signal == .sigwinch ? .resized : .stop) }
            }
            group.addTask {
                let stream = ChangeStream(api: api, query: [("stats", "true")])
                try await stream.follow { news in feed.yield(.news(news)) }
            }
            group.addTask { try await keepHistory(feed) }
            group.addTask {
                while true {
                    feed.yield(.tick)
                    // The pace of the picture.
                    try await Task.sleep(for: Self.frame)
                }
            }
            group.addTask { await show(first, inputs, on: screen) }
            // The first to end is the picture, or the stream that was refused.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func keepHistory(_ feed: AsyncStream<Input>.Continuation) async throws {
        while true {
            // As often as a minute of the chart moves visibly.
            try await Task.sleep(for: Self.historyAge)
            // Whoever cannot be reached is told about by the stream; the chart waits.
            if let minutes = try? await minutes() { feed.yield(.minutes(minutes)) }
        }
    }

    /// Returns when it is told to stop.
    private func show(_ first: TopState, _ inputs: AsyncStream<Input>, on screen: Screen) async {
        var state = first
        var shown: [String] = []
        for await input in inputs {
            switch input {
            case .news(let news): state.take(news)
            case .minutes(let minutes): state.minutes = minutes
            case .key(UInt8(ascii: "q")), .key(UInt8(ascii: "Q")), .stop: return
            case .key: break
            case .tick, .resized:
                if case .resized = input { shown = [] }
                let size = Terminal.size ?? Terminal.Size(columns: 80, rows: 24)
                let lines = TopView(state: state, size: size, paint: paint, clock: clock()).lines
                guard lines != shown else { continue }
                shown = lines
                screen.draw(lines)
            }
        }
    }

    /// nil when the standard input is no terminal.
    private static func keys(to feed: AsyncStream<Input>.Continuation) -> (any DispatchSourceRead)? {
        guard isatty(STDIN_FILENO) == 1 else { return nil }
        let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .global())
        source.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            guard count > 0 else {
                // The terminal is gone.
                feed.yield(.stop)
                return source.cancel()
            }
            for byte in bytes.prefix(count) { feed.yield(.key(byte)) }
        }
        source.resume()
        return source
    }
}
