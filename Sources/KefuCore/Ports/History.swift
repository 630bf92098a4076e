/// The counters of the last hour or day, for charts.
package struct History: Sendable, Equatable {
    /// How far back, and in which steps.
    package enum Span: String, Sendable, CaseIterable {
        case hour, day

        package var stepMinutes: Int { self == .hour ? 1 : 15 }
        package var points: Int { self == .hour ? 60 : 96 }
    }

    package struct Point: Sendable, Equatable {
        /// When the step begins.
        package var atMs: Int64
        package var counts: [Counter: Int]

        package init(atMs: Int64, counts: [Counter: Int]) {
            self.atMs = atMs
            self.counts = counts
        }
    }

    package var span: Span
    /// Oldest first, as many as the span has; the last one is the step that is running.
    package var points: [Point]

    package init(span: Span, points: [Point]) {
        self.span = span
        self.points = points
    }
}
