/// A condition that did not come true in time.
package struct NotMet: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) { self.description = description }
}

/// Waits until a condition holds. The only place in the tests that sleeps, and only between two looks.
///
/// - Throws: ``NotMet`` when `limit` has passed; what the condition throws, at once.
package func eventually(
    within limit: Duration = .seconds(20), _ what: String = "the condition", file: StaticString = #fileID,
    line: UInt = #line, isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var pause = Duration.milliseconds(1)
    while try await !condition() {
        guard clock.now < deadline else {
            throw NotMet(description: "\(file):\(line): \(what) did not hold within \(limit)")
        }
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(50))
    }
}
