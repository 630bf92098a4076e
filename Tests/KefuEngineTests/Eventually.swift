import Testing

struct NeverTrue: Error {}

/// Waits until the condition holds; fails after far more time than a busy machine needs.
func eventually(
    _ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let limit = ContinuousClock.now.advanced(by: .seconds(30))
    while !condition() {
        guard ContinuousClock.now < limit else {
            Issue.record("the condition never held", sourceLocation: sourceLocation)
            throw NeverTrue()
        }
        try await Task.sleep(for: .milliseconds(1))
    }
}
