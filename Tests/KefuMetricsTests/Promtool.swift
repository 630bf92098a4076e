import Foundation
import TestSupport
import Testing

/// Prometheus's own checker, of Debian's package `prometheus`.
enum Promtool {
    static func check(_ arguments: String..., input: String = "") async throws {
        let outcome = try await Child.run("promtool", arguments, input: input)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.complaints)")
        // What is only to be improved does not fail.
        #expect(!outcome.complaints.contains("metric"), "\(outcome.complaints)")
    }
}

/// Files beside the sources.
enum Files {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func path(_ name: String) -> String { "\(root)/\(name)" }
}
